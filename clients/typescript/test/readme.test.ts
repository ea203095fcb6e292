import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile, docs, examplesOf, folder } from "./compile.js";

test("The examples of the README compile.", async () => {
  const examples = examplesOf(await readFile(join(folder, "README.md"), "utf8"));
  expect(examples).toHaveLength(3);
  expect(await compile(examples)).toBe("");
});

test("The examples of the repository's README and docs compile.", async () => {
  const pages = (await readdir(docs)).filter((name) => name.endsWith(".md")).map((name) => join(docs, name));
  const texts = await Promise.all(
    [join(docs, "..", "README.md"), ...pages].map((page) => readFile(page, "utf8")),
  );
  const examples = texts.flatMap(examplesOf);
  expect(examples.length).toBeGreaterThanOrEqual(4);
  expect(await compile(examples)).toBe("");
});

test("An example that does not compile is told.", async () => {
  const text =
    "import type { NangoSync } from 'nango';\nexport const f = (nango: NangoSync) => nango.nothing;\n";
  expect(await compile([text])).toContain("Property 'nothing' does not exist");
});
