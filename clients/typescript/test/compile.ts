import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** folder is this package's. */
export const folder = join(import.meta.dirname, "..");

/** docs are the pages of the repository. */
export const docs = join(folder, "..", "..", "docs");

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

/** examplesOf are the blocks of TypeScript in a page. */
export function examplesOf(page: string): string[] {
  return [...page.matchAll(/^```ts[^\n]*\n(.*?)^```$/gms)].map(([, text]) => text ?? "");
}

/** compile checks modules as a program that depends on the built package, or as sync scripts, would be checked. */
export async function compile(modules: readonly string[]): Promise<string> {
  return inPackage(modules, async (_, said) => said);
}

/**
 * inPackage compiles modules in a folder of the package, so that they import what it was built to by its name. use gets
 * the folder, with example0.js and so on, and what the compiler said.
 */
export async function inPackage<T>(
  modules: readonly string[],
  use: (program: string, said: string) => Promise<T>,
): Promise<T> {
  const program = await mkdtemp(join(folder, "dist", "examples-"));
  try {
    const config = {
      extends: join(folder, "tsconfig.json"),
      include: ["*.ts"],
      compilerOptions: { noEmit: false, declaration: false, rootDir: "." },
    };
    await writeFile(join(program, "tsconfig.json"), JSON.stringify(config));
    await copyFile(join(docs, "nango.d.ts"), join(program, "nango.d.ts"));
    for (const [index, text] of modules.entries()) {
      await writeFile(join(program, `example${index}.ts`), text);
    }
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", program]).catch(
      (error) => error,
    );
    return await use(program, stdout);
  } finally {
    await rm(program, { recursive: true });
  }
}
