// The two tools that come from PyPI, in an environment of their own (.venv), at the versions in requirements.txt.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
const VENV = `${ROOT}.venv`;
const WANTED = `${ROOT}tools/requirements.txt`;
const INSTALLED = `${VENV}/requirements.txt`;

/** The path of a tool; installs it the first time, and when the versions changed. */
export function tool(name) {
  const wanted = readFileSync(WANTED, "utf8");
  if (!existsSync(INSTALLED) || readFileSync(INSTALLED, "utf8") !== wanted) {
    const options = { cwd: ROOT, stdio: "inherit" };
    execFileSync("python3", ["-m", "venv", "--clear", VENV], options);
    execFileSync(`${VENV}/bin/pip`, ["install", "--quiet", "--no-deps", "--requirement", WANTED], options);
    writeFileSync(INSTALLED, wanted);
  }
  return `${VENV}/bin/${name}`;
}
