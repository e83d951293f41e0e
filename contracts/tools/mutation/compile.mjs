// Compiles the market in this process, from sources in memory: forge would compile the tests again with each of them.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const solc = require("solc");

const ROOT = new URL("../../", import.meta.url);

/** The market's sources by their paths. */
export function readSources(folder = "src") {
  const sources = {};
  for (const entry of readdirSync(new URL(`${folder}/`, ROOT), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) Object.assign(sources, readSources(path));
    else if (path.endsWith(".sol")) sources[path] = readFileSync(new URL(path, ROOT), "utf8");
  }
  return sources;
}

function run(sources, settings) {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { evmVersion: "cancun", ...settings },
  };
  const read = (path) => ({ contents: readFileSync(new URL(`node_modules/${path}`, ROOT), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return output;
}

/** The syntax trees by path, and all declarations in them by id. */
export function parse(sources) {
  const output = run(sources, { outputSelection: { "*": { "": ["ast"] } } });
  const declarations = new Map();
  const collect = (node) => {
    if (node.nodeType === "VariableDeclaration") declarations.set(node.id, node);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (child?.nodeType) collect(child);
    }
  };
  const trees = Object.fromEntries(Object.entries(output.sources).map(([path, { ast }]) => [path, ast]));
  Object.values(trees).forEach(collect);
  return { trees, declarations };
}

/** The market's creation code. Hardly optimised: what is tested is what it does. */
export function compile(sources) {
  const output = run(sources, {
    viaIR: true,
    optimizer: { enabled: true, runs: 1, details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: "u" } } },
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "src/CourseMarket.sol": { CourseMarket: ["evm.bytecode.object"] } },
  });
  return output.contracts["src/CourseMarket.sol"].CourseMarket.evm.bytecode.object;
}
