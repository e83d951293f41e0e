#!/usr/bin/env node
// Stands in for the native Solidity compiler that forge expects, over the WebAssembly build from npm:
// forge asks for `--version` and for `--standard-json` (source on stdin, answer on stdout), nothing else.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Writes all of it: one write to a pipe stops at 64 kB, and leaving then would cut the answer. */
function print(text) {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const args = process.argv.slice(2);
if (args.includes("--version")) {
  const { version } = require("solc/package.json");
  // forge parses the native compiler's wording; the commit is read from the compiler itself.
  const full = require("solc").version().replace(/\.Emscripten\.clang$/, ".Linux.g++");
  if (!full.startsWith(version)) throw new Error(`solc says ${full}, its package says ${version}`);
  print(`solc, the solidity compiler commandline interface\nVersion: ${full}\n`);
} else if (args.includes("--standard-json")) {
  print(require("solc").compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write("solc.mjs answers --version and --standard-json only\n");
  process.exit(1);
}
