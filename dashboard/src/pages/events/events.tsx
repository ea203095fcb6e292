import { Route, Routes } from "react-router";
import { List } from "./list.js";
import One from "./one.js";
import Way from "./way.js";

/** Events is all about verified incoming webhooks: the ledger, one of them, and its way. */
export default function Events() {
  return (
    <Routes>
      <Route path="" element={<List />} />
      <Route path=":id" element={<One />} />
      <Route path=":id/way" element={<Way />} />
    </Routes>
  );
}
