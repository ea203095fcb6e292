import { useQuery } from "@connectrpc/connect-query";
import { ProjectService } from "@synchook/client/gen/project_pb";
import { CircleUser, FolderOpen, ListChecks, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { logOut, usePlace } from "../lib/session.js";
import { IconButton } from "../ui/button.js";
import { type Choice, Menu } from "../ui/menu.js";
import { NavDrawer } from "./nav.js";
import { Palette } from "./palette.js";
import { type Theme, useTheme } from "./theme.js";

/** Top is the bar above each page. */
export function Top() {
  const project = useQuery(ProjectService.method.getProject, {}, { staleTime: 60_000 });
  return (
    <header className="top">
      <NavDrawer />
      <span className="project">{project.data?.name ?? "\u00a0"}</span>
      <span className="grow" />
      <Palette />
      <ThemeButton />
      <PersonMenu />
    </header>
  );
}

const themeIcons = { system: Monitor, light: Sun, dark: Moon };
const themeWords: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

function ThemeButton() {
  const [theme, change] = useTheme();
  const Icon = themeIcons[theme];
  return (
    <IconButton label={`Theme: ${themeWords[theme]}`} onClick={change}>
      <Icon size={17} />
    </IconButton>
  );
}

function PersonMenu() {
  const { session, leave } = usePlace();
  const choices: Choice[] = [
    { text: "Log out", icon: <LogOut size={15} />, onSelect: () => void logOut().finally(() => leave("")) },
  ];
  if (session.admin) {
    choices.unshift(
      { text: "Other projects", icon: <FolderOpen size={15} />, onSelect: () => window.location.assign("/") },
      {
        text: "Queues",
        icon: <ListChecks size={15} />,
        onSelect: () => window.open("/queues", "_blank", "noopener"),
      },
    );
  }
  const who = session.admin ? "Logged in with the admin key" : `Logged in with ${session.key}`;
  const about = `${who} · ${session.admin ? "everything" : session.scopes.join(", ")} · version ${session.version}`;
  return (
    <Menu
      trigger={
        <button type="button" className="button quiet icon" aria-label="You">
          <CircleUser size={18} />
        </button>
      }
      about={about}
      choices={choices}
    />
  );
}
