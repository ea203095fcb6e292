import { lazy } from "react";
import { Route, Routes } from "react-router";
import { List } from "./list.js";

const One = lazy(() => import("./one.js"));

/** Events is all about verified incoming webhooks: the ledger, and one of them. */
export default function Events() {
  return (
    <Routes>
      <Route path="" element={<List />} />
      <Route path=":id" element={<One />} />
    </Routes>
  );
}
