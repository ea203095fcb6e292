// Writes the compressed forms of each built file, which the server sends as they are. Of those that are not the first page
// only these are kept: the binary is smaller, and expands them for whoever takes neither.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;
const worthIt = new Set([".html", ".js", ".css", ".svg"]);

for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !worthIt.has(extname(path))) {
    continue;
  }
  const body = await readFile(path);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, brotliCompressSync(body, { params: quality }));
  await writeFile(`${path}.gz`, gzipSync(body, { level: 9 }));
  if (entry.name !== "index.html") {
    await rm(path);
  }
}
