import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

/** compile checks modules as a program that depends on the built package would be checked. */
async function compile(modules: string[]): Promise<string> {
  const program = await mkdtemp(join(folder, "dist", "readme-"));
  try {
    const config = { extends: join(folder, "tsconfig.json"), include: ["*.ts"] };
    await writeFile(join(program, "tsconfig.json"), JSON.stringify(config));
    for (const [index, text] of modules.entries()) {
      await writeFile(join(program, `example${index}.ts`), text);
    }
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", program]).catch(
      (error) => error,
    );
    return stdout;
  } finally {
    await rm(program, { recursive: true });
  }
}

test("The examples of the README compile.", async () => {
  const readme = await readFile(join(folder, "README.md"), "utf8");
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text ?? "");
  expect(examples).toHaveLength(3);
  expect(await compile(examples)).toBe("");
});
