import { useSearchParams } from "react-router";

/** Filters are what the URL's query says about a page, so that a link shows what was seen. */
export interface Filters<Name extends string> {
  values: Record<Name, string>;
  set(changes: Partial<Record<Name, string>>): void;
  /** Whether any is set. */
  any: boolean;
  clear(): void;
}

/** useFilters reads and writes some parameters of the URL's query. One that is not there is empty. */
export function useFilters<Name extends string>(...names: Name[]): Filters<Name> {
  const [search, setSearch] = useSearchParams();
  const values = Object.fromEntries(names.map((name) => [name, search.get(name) ?? ""])) as Record<
    Name,
    string
  >;
  const set = (changes: Partial<Record<Name, string>>) =>
    setSearch(
      (current) => {
        const next = new URLSearchParams(current);
        for (const [name, value] of Object.entries(changes)) {
          if (value) {
            next.set(name, String(value));
          } else {
            next.delete(name);
          }
        }
        return next;
      },
      { replace: true },
    );
  const clear = () =>
    set(Object.fromEntries(names.map((name) => [name, ""])) as Partial<Record<Name, string>>);
  return { values, set, any: names.some((name) => values[name] !== ""), clear };
}
