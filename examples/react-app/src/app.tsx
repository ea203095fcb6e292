import { useRecords } from "./records.js";

/** App is the page: a customer's issues, as they are now. */
export function App() {
  const { records, live } = useRecords();
  const issues = [...(records?.values() ?? [])].sort((a, b) => b.number - a.number);
  return (
    <main>
      <header>
        <h1>Issues</h1>
        <p role="status">{live ? "Up to date" : "Connecting…"}</p>
      </header>
      {records && issues.length === 0 && <p>There are no issues yet.</p>}
      <ul>
        {issues.map(({ id, number, title, state, author }) => (
          <li key={id}>
            <strong>{title}</strong>
            <span>
              #{number} by {author}, {state}
            </span>
          </li>
        ))}
      </ul>
    </main>
  );
}
