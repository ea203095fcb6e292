import { useQuery } from "@tanstack/react-query";
import { Note } from "../../ui/note.js";

/** Problem is something that is wrong with the server or what it stands on. */
interface Problem {
  part: string;
  message: string;
  help: string;
  fatal: boolean;
}

async function readProblems(): Promise<Problem[]> {
  const { problems = [] } = await (await fetch("/readyz")).json();
  return problems;
}

/** Warnings says what is wrong with the server: a Redis that can lose data, one that is nearly full. */
export function Warnings() {
  const { data = [] } = useQuery({ queryKey: ["readyz"], queryFn: readProblems, refetchInterval: 15_000 });
  return data.map(({ message, help, fatal }) => (
    <Note key={message} tone={fatal ? "bad" : "warn"} title={message}>
      <p>{help}</p>
    </Note>
  ));
}
