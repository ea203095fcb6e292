import { Route, Routes } from "react-router";
import { List } from "./list.js";
import One from "./one.js";
import "./runs.css";

/** Runs is all about executions of syncs: the list, and one of them. */
export default function Runs() {
  return (
    <Routes>
      <Route path="" element={<List />} />
      <Route path=":id" element={<One />} />
    </Routes>
  );
}
