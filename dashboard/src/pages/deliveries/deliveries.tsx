import { lazy } from "react";
import { Route, Routes } from "react-router";
import { List } from "./list.js";
import "./deliveries.css";

const One = lazy(() => import("./one.js"));
const Recoveries = lazy(() => import("./recoveries.js"));

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
