import { readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";

/** Chunk is what Vite's manifest says about a file. */
interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}

const dist = new URL("../dist/", import.meta.url);

/** filesOf lists what a chunk needs before it can run. */
function filesOf(manifest: Record<string, Chunk>, name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[name];
  if (chunk && !seen.has(chunk.file)) {
    seen.add(chunk.file);
    for (const css of chunk.css ?? []) {
      seen.add(css);
    }
    for (const other of chunk.imports ?? []) {
      filesOf(manifest, other, seen);
    }
  }
  return seen;
}

test("The first load, of the overview, is below 300 KB compressed.", async () => {
  const manifest = JSON.parse(await readFile(new URL("manifest.json", dist), "utf8"));
  const files = filesOf(manifest, "index.html");
  filesOf(manifest, "src/pages/overview/overview.tsx", files);
  let bytes = 0;
  for (const file of ["index.html", ...files]) {
    bytes += (await stat(new URL(`${file}.gz`, dist))).size;
  }
  console.info(`The first load is ${Math.round(bytes / 1024)} KB compressed by gzip.`);
  expect(bytes).toBeLessThan(300 * 1024);
});
