// Runs forge's tests, and looks that none is missing:
// each unit test contract has a .tree of its cases, written before it, and each case its test;
// each test file ran. (Forge answers "passed" for what it does not find: after `forge lint` it can lose the
// files that an edit made stale.)
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { FORGE } from "./forge.mjs";

const ROOT = new URL("../", import.meta.url);
const UNIT = new URL("test/unit/", ROOT);

/** What the trees and the unit tests miss of each other. */
function missing() {
  const failures = [];
  for (const file of readdirSync(UNIT).filter((name) => name.endsWith(".t.sol"))) {
    const tree = file.replace(".t.sol", ".tree");
    const planned = readFileSync(new URL(tree, UNIT), "utf8").match(/\btest_\w+/g) ?? [];
    const source = readFileSync(new URL(file, UNIT), "utf8");
    const written = [...source.matchAll(/function (test_\w+)/g)].map(([, name]) => name);
    for (const name of planned) if (!written.includes(name)) failures.push(`${tree}: no test ${name}`);
    for (const name of written) if (!planned.includes(name)) failures.push(`${file}: no case for ${name}`);
  }
  return failures;
}

/** Runs forge, shows what it prints, and answers with its exit code and that. */
function forge(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(FORGE, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.on("data", (bytes) => {
      printed += bytes;
      process.stdout.write(bytes);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, printed }));
  });
}

const failures = missing();
// Market and tokens are deployed from their artifacts: all must be built, not only what the tests import.
const built = await forge(["build", "--quiet"]);
if (built.code) process.exit(built.code);
const { code, printed } = await forge(["test", "--no-match-path", "test/gas/*"]);
for (const folder of ["unit", "fuzz", "invariant"]) {
  for (const file of readdirSync(new URL(`test/${folder}/`, ROOT)).filter((name) => name.endsWith(".t.sol"))) {
    const path = `test/${folder}/${file}`;
    if (!printed.includes(` for ${path}:`)) failures.push(`${path} did not run: remove out/ and cache/`);
  }
}
for (const failure of failures) console.error(failure);
process.exitCode = code || (failures.length ? 1 : 0);
