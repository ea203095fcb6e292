/** The pages of things that have an ID, by how it begins. */
const pages: Record<string, (id: string) => string> = {
  evt: (id) => `/events/${id}`,
  run: (id) => `/runs/${id}`,
  dlv: (id) => `/deliveries/${id}`,
  rec: () => "/deliveries/recoveries",
  end: (id) => `/settings/endpoints?id=${id}`,
  key: () => "/settings/keys",
};

/** pageOf returns the path of the page about what has this ID. Undefined: there is none, or it is no ID. */
export function pageOf(id: string): string | undefined {
  const [, prefix = ""] = id.match(/^([a-z]{3})_[a-z0-9_.-]+$/) ?? [];
  return pages[prefix]?.(encodeURIComponent(id));
}
