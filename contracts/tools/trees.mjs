// Each unit test contract has a .tree of its cases, written before it. This fails when a case has no test,
// or a test no case.
import { readdirSync, readFileSync } from "node:fs";

const UNIT = new URL("../test/unit/", import.meta.url);
const failures = [];
let cases = 0;

for (const file of readdirSync(UNIT).filter((name) => name.endsWith(".t.sol"))) {
  const tree = file.replace(".t.sol", ".tree");
  const planned = readFileSync(new URL(tree, UNIT), "utf8").match(/\btest_\w+/g) ?? [];
  const source = readFileSync(new URL(file, UNIT), "utf8");
  const written = [...source.matchAll(/function (test_\w+)/g)].map(([, name]) => name);
  for (const name of planned) if (!written.includes(name)) failures.push(`${tree}: no test ${name}`);
  for (const name of written) if (!planned.includes(name)) failures.push(`${file}: no case for ${name}`);
  cases += planned.length;
}

for (const failure of failures) console.error(failure);
if (failures.length) process.exit(1);
console.log(`${cases} cases, each with its test`);
