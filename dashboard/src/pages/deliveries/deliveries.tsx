import { Route, Routes } from "react-router";
import { List } from "./list.js";
import One from "./one.js";
import Recoveries from "./recoveries.js";
import "./deliveries.css";

/** Deliveries is all about outgoing webhooks: the list, one of them, and recoveries. */
export default function Deliveries() {
  return (
    <Routes>
      <Route path="" element={<List />} />
      <Route path="recoveries" element={<Recoveries />} />
      <Route path=":id" element={<One />} />
    </Routes>
  );
}
