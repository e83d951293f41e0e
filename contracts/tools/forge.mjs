// Runs forge itself. Its package on npm starts it through a script that forgets forge's exit code: through that,
// a failing test, and a file that is badly formatted, count as success.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const OS = process.platform;
const CPU = { x64: "amd64", arm64: "arm64" }[process.arch];

/** The path of forge's binary. */
export const FORGE = createRequire(import.meta.url).resolve(
  `@foundry-rs/forge-${OS}-${CPU}/bin/forge${OS === "win32" ? ".exe" : ""}`,
);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, error } = spawnSync(FORGE, process.argv.slice(2), { stdio: "inherit" });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
