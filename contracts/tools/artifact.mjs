// Writes artifacts/CourseMarket.json, which the Rust side reads in place of compiling Solidity.
// With --check it compares instead, and fails when the committed file is not what this source gives.
import { readFileSync, writeFileSync } from "node:fs";

const BUILT = new URL("../out/CourseMarket.sol/CourseMarket.json", import.meta.url);
const COMMITTED = new URL("../artifacts/CourseMarket.json", import.meta.url);

const { abi, bytecode } = JSON.parse(readFileSync(BUILT, "utf8"));
const key = (entry) => [entry.type, entry.name ?? "", JSON.stringify(entry.inputs ?? [])].join(" ");
abi.sort((a, b) => (key(a) < key(b) ? -1 : 1));
const text = `${JSON.stringify({ abi, bytecode: bytecode.object }, null, 2)}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(COMMITTED, "utf8") !== text) {
    console.error("artifacts/CourseMarket.json is stale: run `npm run artifact` and commit it");
    process.exit(1);
  }
  console.log("artifacts/CourseMarket.json is what the source gives");
} else {
  writeFileSync(COMMITTED, text);
  console.log(`artifacts/CourseMarket.json: ${abi.length} entries, ${bytecode.object.length / 2 - 1} bytes`);
}
