// Runs slither over the sources, and fails for anything that it finds. What is suppressed says why where it stands;
// the four detectors that are off are explained in the README.
import { execFileSync } from "node:child_process";
import { FORGE } from "./forge.mjs";
import { ROOT, tool } from "./python.mjs";

const slither = tool("slither");
const env = { ...process.env, FOUNDRY_OUT: "cache/slither/out", FOUNDRY_CACHE_PATH: "cache/slither/cache" };
const build = ["build", "src", "--build-info", "--force", "--quiet"];
const check = [".", "--foundry-ignore-compile", "--foundry-out-directory", "cache/slither/out"];
try {
  execFileSync(FORGE, build, { cwd: ROOT, env, stdio: "inherit" });
  execFileSync(slither, [...check, "--fail-pedantic"], { cwd: ROOT, env, stdio: "inherit" });
} catch (error) {
  process.exitCode = error.status ?? 1;
}
