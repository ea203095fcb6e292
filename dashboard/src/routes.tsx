import {
  Database,
  Gauge,
  Inbox,
  type LucideIcon,
  Play,
  Plug,
  RefreshCw,
  Send,
  SlidersHorizontal,
  Users,
} from "lucide-react";
import type { ComponentType } from "react";

/** Area is a page of a project, or several that share the beginning of their path. */
export interface Area {
  /** Its path inside the project, without a slash at its beginning; "deliveries/:id" has a parameter. */
  path: string;
  /** Reads its code when it is first gone to. */
  load: () => Promise<{ default: ComponentType }>;
  /** Its place in the navigation. Unset: it has none, as the page of one delivery. */
  nav?: { title: string; icon: LucideIcon; group: Group };
  /** What else people call it, for the command palette. */
  words?: string;
}

/** Group is a part of the navigation, in the order in which they are shown. */
export const groups = ["", "Set up", "Watch", "Project"] as const;
export type Group = (typeof groups)[number];

/** The table of all pages. */
export const areas: Area[] = [
  {
    path: "",
    load: () => import("./pages/overview/overview.js"),
    nav: { title: "Overview", icon: Gauge, group: "" },
    words: "home start charts statistics",
  },
  {
    path: "integrations",
    load: () => import("./pages/integrations/integrations.js"),
    nav: { title: "Integrations", icon: Plug, group: "Set up" },
    words: "providers github url secret apis",
  },
  {
    path: "connections",
    load: () => import("./pages/connections/connections.js"),
    nav: { title: "Connections", icon: Users, group: "Set up" },
    words: "customers accounts credentials tokens",
  },
  {
    path: "syncs",
    load: () => import("./pages/syncs/syncs.js"),
    nav: { title: "Syncs", icon: RefreshCw, group: "Set up" },
    words: "scripts schedule trigger pause deploy",
  },
  {
    path: "events/*",
    load: () => import("./pages/events/events.js"),
    nav: { title: "Events", icon: Inbox, group: "Watch" },
    words: "webhooks incoming ledger replay payload unmatched",
  },
  {
    path: "runs/*",
    load: () => import("./pages/runs/runs.js"),
    nav: { title: "Runs", icon: Play, group: "Watch" },
    words: "executions syncs log error failed",
  },
  {
    path: "deliveries/*",
    load: () => import("./pages/deliveries/deliveries.js"),
    nav: { title: "Deliveries", icon: Send, group: "Watch" },
    words: "webhooks outgoing attempts retry recover exhausted pending",
  },
  {
    path: "records",
    load: () => import("./pages/records/records.js"),
    nav: { title: "Records", icon: Database, group: "Watch" },
    words: "data models delta cache browse",
  },
  {
    path: "settings/*",
    load: () => import("./pages/settings/settings.js"),
    nav: { title: "Project Settings", icon: SlidersHorizontal, group: "Project" },
    words: "webhook url secret retry endpoints api keys retention headers",
  },
];
