import { Menu as MenuIcon } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { areas, type Group, groups } from "../routes.js";
import { IconButton } from "../ui/button.js";
import { Brand } from "./brand.js";

/** Nav lists the pages, in groups. */
export function Nav() {
  return (
    <nav className="nav" aria-label="Pages">
      {groups.map((group) => (
        <NavGroup key={group} group={group} />
      ))}
    </nav>
  );
}

function NavGroup({ group }: { group: Group }) {
  const shown = areas.flatMap(({ path, nav }) => (nav?.group === group ? [{ path, ...nav }] : []));
  if (shown.length === 0) {
    return null;
  }
  return (
    <>
      {group && <h2>{group}</h2>}
      <ul>
        {shown.map(({ path, title, icon: Icon }) => (
          <li key={path}>
            <NavLink to={pathOf(path)} end={path === ""}>
              <Icon size={16} aria-hidden />
              {title}
            </NavLink>
          </li>
        ))}
      </ul>
    </>
  );
}

/** pathOf returns where an area begins. */
export function pathOf(path: string): string {
  return `/${path.replace(/\/\*$/, "")}`;
}

/** Side is the navigation beside the pages, where there is room. */
export function Side() {
  return (
    <aside className="side">
      <Link className="brand" to="/">
        <Brand />
      </Link>
      <Nav />
    </aside>
  );
}

/** NavDrawer is the navigation where there is little room. */
export function NavDrawer() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever went somewhere is done with it
  useEffect(() => setOpen(false), [pathname]);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <IconButton label="Pages" className="only-narrow" onClick={() => setOpen(true)}>
        <MenuIcon size={18} />
      </IconButton>
      <Dialog.Portal>
        <div className="overlay" aria-hidden />
        <Dialog.Content className="drawer" aria-describedby={undefined}>
          <Dialog.Title className="brand">
            <Brand />
          </Dialog.Title>
          <Nav />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
