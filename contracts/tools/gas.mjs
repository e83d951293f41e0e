// Gas of whole transactions. Measures them (test/gas), prints a table, and compares it with gas.json:
// a figure that got worse by more than 1 %, or passes its ceiling, fails. With --write it keeps the new ones.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { FORGE } from "./forge.mjs";

const ROOT = new URL("../", import.meta.url);
const KEPT = new URL("gas.json", ROOT);
const MEASURED = new URL("cache/gas/figures.json", ROOT);
const TOLERANCE = 1.01;

rmSync(MEASURED, { force: true });
mkdirSync(new URL("cache/gas", ROOT), { recursive: true });
const args = ["test", "--isolate", "--match-path", "test/gas/*"];
try {
  // The tests deploy what they measure from its artifact: all must be built, not only what they import.
  execFileSync(FORGE, ["build"], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  execFileSync(FORGE, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
} catch (error) {
  console.error(`forge ${args.join(" ")}: ${error.message}\n${error.stdout ?? ""}`);
  process.exit(1);
}

if (!existsSync(MEASURED)) {
  console.error("test/gas did not run: remove out/ and cache/");
  process.exit(1);
}
const measured = JSON.parse(readFileSync(MEASURED, "utf8"));
const kept = JSON.parse(readFileSync(KEPT, "utf8"));
const failures = [];
for (const operation of new Set([...Object.keys(kept.operations), ...Object.keys(measured)])) {
  const [before, now] = [kept.operations[operation], measured[operation]];
  const ceiling = kept.ceilings[operation];
  console.log(`${String(now).padStart(9)}  ${operation}${now === before ? "" : ` (was ${before})`}`);
  if (now > ceiling) failures.push(`${operation}: ${now} is above the ceiling of ${ceiling}`);
  if (now === undefined) failures.push(`${operation}: no longer measured`);
  else if (before === undefined) failures.push(`${operation}: not in gas.json`);
  else if (now > before * TOLERANCE) failures.push(`${operation}: ${now}, was ${before}`);
}

if (process.argv.includes("--write")) {
  const over = failures.filter((failure) => failure.includes("ceiling"));
  for (const failure of over) console.error(failure);
  const operations = Object.fromEntries(Object.entries(measured).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(KEPT, `${JSON.stringify({ ...kept, operations }, null, 2)}\n`);
  process.exit(over.length ? 1 : 0);
}
for (const failure of failures) console.error(failure);
process.exit(failures.length ? 1 : 0);
