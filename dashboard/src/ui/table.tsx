import { Search } from "lucide-react";
import type { ReactNode } from "react";
import type { Paged } from "../lib/pages.js";
import { Button } from "./button.js";
import { Empty, FaultNote, Skeleton } from "./note.js";

/** Column is one column of a table. */
export interface Column<Row> {
  /** What stands above it. Empty: nothing, as above buttons. */
  title: string;
  cell: (row: Row) => ReactNode;
  /** Whether it stands at the right, as numbers and buttons do. */
  end?: boolean;
}

interface TableProps<Row> {
  /** What the rows are, for those who do not see the table. */
  label: string;
  columns: Column<Row>[];
  rows: Paged<Row>;
  rowKey: (row: Row) => string;
  /** What is shown when there are none: an <Empty>. */
  empty: ReactNode;
}

/** Table shows a list that is read page by page. */
export function Table<Row>({ label, columns, rows: paged, rowKey, empty }: TableProps<Row>) {
  if (paged.error && paged.rows.length === 0) {
    return <FaultNote error={paged.error} />;
  }
  if (!paged.loading && paged.rows.length === 0) {
    return <div className="table-frame">{paged.more ? <Further {...paged} /> : empty}</div>;
  }
  return (
    <div className="table-frame">
      <table className="table" aria-label={label} aria-busy={paged.loading} data-stale={paged.stale}>
        <Head columns={columns} />
        <tbody>
          {paged.loading ? (
            <Meanwhile columns={columns} />
          ) : (
            <Rows {...{ columns, rowKey, rows: paged.rows }} />
          )}
        </tbody>
      </table>
      {paged.more && (
        <div className="table-more">
          <Button look="quiet" busy={paged.searching || paged.loadingMore} onClick={paged.loadMore}>
            {paged.searching ? "Looking further back…" : paged.loadingMore ? "Reading…" : "Show more"}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Further stands where nothing was found yet, but not all was looked at. */
function Further({ searching, loadMore }: Pick<Paged<unknown>, "searching" | "loadMore">) {
  return searching ? (
    <Empty icon={<Search />} title="Looking further back…">
      Nothing that was looked at so far is as the filters say.
    </Empty>
  ) : (
    <Empty
      icon={<Search />}
      title="Nothing matches so far"
      action={<Button onClick={loadMore}>Look further back</Button>}
    >
      Not all that is kept was looked at. A narrower filter finds it sooner.
    </Empty>
  );
}

function Head<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ title, end }, index) => (
          <th key={title || index} scope="col" className={end ? "end" : ""}>
            {title || <span className="hidden-text">Actions</span>}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Rows<Row>({ columns, rows, rowKey }: Pick<TableProps<Row>, "columns" | "rowKey"> & { rows: Row[] }) {
  return rows.map((row) => (
    <tr key={rowKey(row)}>
      {columns.map(({ title, cell, end }, index) => (
        <td key={title || index} className={end ? "end" : ""} {...(title && { "data-label": title })}>
          {cell(row)}
        </td>
      ))}
    </tr>
  ));
}

function Meanwhile<Row>({ columns }: { columns: Column<Row>[] }) {
  return ["100%", "80%", "90%"].map((width) => (
    <tr key={width}>
      {columns.map(({ title }, index) => (
        <td key={title || index}>
          <Skeleton width={width} />
        </td>
      ))}
    </tr>
  ));
}
