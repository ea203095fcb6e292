// Writes beside each built file its compressed forms, which the server sends as they are.
import { readdir, readFile, writeFile } from "node:fs/promises";
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
}
