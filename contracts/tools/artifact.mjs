// Writes artifacts/*.json, which the Rust side reads in place of compiling Solidity.
// With --check it compares instead, and fails when a committed file is not what this source gives.
import { readFileSync, writeFileSync } from "node:fs";

const check = process.argv.includes("--check");
const key = (entry) => [entry.type, entry.name ?? "", JSON.stringify(entry.inputs ?? [])].join(" ");

for (const name of ["CourseMarket", "SignatureCheck", "DevFeed", "DevToken"]) {
  const built = new URL(`../out/${name}.sol/${name}.json`, import.meta.url);
  const committed = new URL(`../artifacts/${name}.json`, import.meta.url);
  const { abi, bytecode } = JSON.parse(readFileSync(built, "utf8"));
  abi.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const text = `${JSON.stringify({ abi, bytecode: bytecode.object }, null, 2)}\n`;
  if (!check) {
    writeFileSync(committed, text);
    console.log(`artifacts/${name}.json: ${abi.length} entries, ${bytecode.object.length / 2 - 1} bytes`);
  } else if (readFileSync(committed, "utf8") !== text) {
    console.error(`artifacts/${name}.json is stale: run \`npm run artifact\` and commit it`);
    process.exitCode = 1;
  } else {
    console.log(`artifacts/${name}.json is what the source gives`);
  }
}
