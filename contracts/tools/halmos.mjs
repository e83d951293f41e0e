// Proves the checks of test/symbolic with halmos: each holds for all values of its arguments, or this fails.
// What is checked is the bytecode as it is deployed. More arguments go to halmos: `-- --match-test Refund`.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { FORGE } from "./forge.mjs";
import { ROOT, tool } from "./python.mjs";

const halmos = tool("halmos");
const built = "cache/symbolic/out";
/** What halmos reads: the checks and what they deploy. Of the rest it says that it can not read it. */
const checks = "cache/symbolic/checks";
const env = {
  ...process.env,
  FOUNDRY_OUT: built,
  FOUNDRY_CACHE_PATH: "cache/symbolic/cache",
  // halmos builds too, with the forge that it finds: that finds nothing to do.
  PATH: [dirname(FORGE), process.env.PATH].join(delimiter),
};
const build = ["build", "--quiet", "--ast", "--extra-output", "storageLayout", "metadata"];
const options = [
  ["--forge-build-out", checks],
  // From PyPI, as halmos is: nothing else is downloaded.
  ["--solver-command", tool("yices-smt2")],
  ["--solver-timeout-branching", "1s"],
  ["--solver-timeout-assertion", "60s"],
  ["--solver-threads", "1"],
  // Else `--match-test Quote` would take the market's own functions for checks.
  ["--match-contract", "SymbolicTest$"],
];
try {
  execFileSync(FORGE, build, { cwd: ROOT, env, stdio: "inherit" });
  rmSync(`${ROOT}${checks}`, { recursive: true, force: true });
  for (const folder of readdirSync(`${ROOT}${built}`)) {
    if (!/Symbolic\.t\.sol$|^(CourseMarket|Tokens|AnyToken)\.sol$/.test(folder)) continue;
    cpSync(`${ROOT}${built}/${folder}`, `${ROOT}${checks}/${folder}`, { recursive: true });
  }
  const args = [...options.flat(), "--no-status", ...process.argv.slice(2)];
  execFileSync(halmos, args, { cwd: ROOT, env, stdio: "inherit" });
} catch (error) {
  process.exitCode = error.status ?? 1;
}
