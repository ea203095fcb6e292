import { useEffect, useState } from "react";

/** Issue is a record of the model GithubIssue. */
export interface Issue {
  id: string;
  number: number;
  title: string;
  state: string;
  author: string;
}

interface Change {
  id: string;
  deleted: boolean;
  record: Issue;
}

/** Records are the issues by their ID; undefined until they were read. */
export type Records = ReadonlyMap<string, Issue>;

/** withChanges are the records after some changed. */
export function withChanges(records: Records, changes: readonly Change[]): Records {
  const next = new Map(records);
  for (const { id, deleted, record } of changes) {
    if (deleted) {
      next.delete(id);
    } else {
      next.set(id, record);
    }
  }
  return next;
}

/**
 * useRecords has the records, and again each time a webhook told of a change: then only what changed since is read. After
 * a lost connection all are read, since webhooks may have come meanwhile.
 */
export function useRecords(): { records: Records | undefined; live: boolean } {
  const [records, setRecords] = useState<Records>();
  const [live, setLive] = useState(false);
  useEffect(() => {
    let asked = Promise.resolve(); // one after the other, so that no older answer overtakes a newer one
    const read = (delta: string | null) => {
      asked = asked.then(async () => {
        const response = await fetch(delta ? `/records?delta=${encodeURIComponent(delta)}` : "/records");
        if (!response.ok) {
          throw new Error(`the records cannot be read: ${response.status}`);
        }
        const changes: Change[] = await response.json();
        setRecords((former) => withChanges(delta && former ? former : new Map(), changes));
      });
      asked = asked.catch((error: unknown) => console.warn(error));
    };
    const source = new EventSource("/changes");
    source.onopen = () => {
      setLive(true);
      read(null);
    };
    source.onerror = () => setLive(false); // the browser connects again by itself
    source.onmessage = ({ data }) => read(JSON.parse(data).delta);
    return () => source.close();
  }, []);
  return { records, live };
}
