import { Suspense, useEffect, useRef } from "react";
import { Outlet, useLocation } from "react-router";
import { useTrouble } from "../lib/online.js";
import { Note, Skeleton } from "../ui/note.js";
import { Side } from "./nav.js";
import { Top } from "./top.js";
import "./shell.css";

/** Shell is what stands around each page of a project. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const first = useRef(pathname);
  useEffect(() => {
    if (first.current !== pathname) {
      first.current = "";
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, [pathname]);
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <Side />
      <div>
        <Top />
        <Trouble />
        <main id="main" className="page-frame" ref={main} tabIndex={-1}>
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </div>
  );
}

/** Trouble says above each page that the server cannot be asked at the moment. */
function Trouble() {
  const trouble = useTrouble();
  return (
    <div className="trouble" role="status">
      {trouble && (
        <Note tone="warn" title={trouble.title}>
          {trouble.help}
        </Note>
      )}
    </div>
  );
}

function PageSkeleton() {
  return (
    <div className="stack" aria-busy="true">
      <Skeleton width={180} height={26} />
      <Skeleton height={160} />
    </div>
  );
}
