// Mutation testing: changes the market in each small way that mutants.mjs knows, and looks that a test fails.
// A mutant that no test kills fails this, unless equivalent.json says why nobody could tell it from the market;
// so does an entry there that a test does kill, or that is no mutant any more. One whose tests do not end, twice,
// is neither killed nor kept: it is named for a person to look at.
//
//   npm run mutation                   all mutants; goes on where it was stopped, as long as nothing changed
//   npm run mutation -- Treasury.      those whose names begin so
//   npm run mutation -- --survivors    those that the last run left, after tests were added
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FORGE } from "../forge.mjs";
import { compile, parse, readSources } from "./compile.mjs";
import { mutantsOf } from "./mutants.mjs";
import { HELPER, coinbaseOf, schema, without } from "./schema.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WORK = `${ROOT}cache/mutation`;
const RESULTS = `${WORK}/results.json`;
const ARTIFACT = `${WORK}/out/CourseMarket.sol/CourseMarket.json`;
const EQUIVALENT = new URL("equivalent.json", import.meta.url);
const MUTATED = ["CourseMarket", "Purse", "Holding", "Treasury", "Offer", "AccessPass", "Listings", "Control"];

/** What results hold for, beside the tests: what is mutated, and what makes and runs mutants of it. */
const SOURCE = [
  "src",
  "package-lock.json",
  "foundry.toml",
  "tools/forge.mjs",
  "tools/solc.mjs",
  "tools/mutation/compile.mjs",
  "tools/mutation/mutants.mjs",
  "tools/mutation/run.mjs",
  "tools/mutation/schema.mjs",
];
const TESTS = ["test/unit", "test/fuzz", "test/utils", "test/mocks"];

/** One after the other, until one fails. The fuzz tests run on one seed: the same mutants survive each time. */
const STAGES = [
  { path: "test/unit/*", env: {} },
  { path: "test/fuzz/*", env: { FOUNDRY_FUZZ_RUNS: "16", FOUNDRY_FUZZ_SEED: "0x1" } },
];

const FORGE_ENV = {
  ...process.env,
  FOUNDRY_OUT: "cache/mutation/out",
  FOUNDRY_CACHE_PATH: "cache/mutation/cache",
  FOUNDRY_SOLC: "cache/mutation/solc",
  // With all mutants in it, the market is larger than a chain would take.
  FOUNDRY_CODE_SIZE_LIMIT: "1000000",
};
/** The one test that has to fail for that reason. */
const TOO_LARGE = "test_FitsOntoAChain";
/** How long the tests may take, in milliseconds, and how long when they are run again. A machine can be busy. */
const TIMEOUTS = [120_000, 600_000];
/** In place of a test's name: nothing failed, but not all came to an end. */
const UNFINISHED = Symbol("unfinished");

/** Forge asks for the compiler's version each time; loading the compiler to say it costs as much as the tests. */
function installCompiler() {
  const version = execFileSync(`${ROOT}tools/solc.mjs`, ["--version"], { encoding: "utf8" });
  const script = `#!/bin/sh
if [ "$1" = --version ]; then
  cat <<'END'
${version.trimEnd()}
END
else
  exec node '${ROOT}tools/solc.mjs' "$@"
fi
`;
  writeFileSync(`${WORK}/solc`, script, { mode: 0o755 });
}

function filesIn(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(`${path}/${name}`));
}

function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesIn(`${ROOT}${path}`))) {
    const bytes = readFileSync(file);
    hash.update(`${file.slice(ROOT.length)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

function findMutants(sources) {
  const { trees, declarations } = parse(sources);
  const mutants = MUTATED.map((name) => `src/${name}.sol`).flatMap((file) =>
    mutantsOf(file, sources[file], trees[file], declarations),
  );
  mutants.forEach((mutant, index) => (mutant.id = index + 1));
  return mutants;
}

function deployable(bytecode) {
  const artifact = JSON.parse(readFileSync(ARTIFACT, "utf8"));
  artifact.bytecode.object = `0x${bytecode}`;
  writeFileSync(ARTIFACT, JSON.stringify(artifact));
}

/** The market with all mutants that can be chosen while it runs. */
function compileSchema(sources, mutants) {
  const mutated = { ...sources, "src/Mutant.sol": HELPER };
  for (const name of MUTATED) {
    const file = `src/${name}.sol`;
    mutated[file] = schema(sources[file], mutants.filter((mutant) => mutant.file === file && mutant.edits));
  }
  return compile(mutated);
}

/** The name of the first test that fails; undefined if all pass; UNFINISHED if they do not end, run again neither. */
function firstFailure(id) {
  for (const timeout of TIMEOUTS) {
    const failure = firstFailureWithin(timeout, id);
    if (failure !== UNFINISHED) return failure;
  }
  return UNFINISHED;
}

function firstFailureWithin(timeout, id) {
  for (const { path, env } of STAGES) {
    const args = ["test", "--match-path", path, "--no-match-test", TOO_LARGE, "--fail-fast", "--threads", "1"];
    const { status, signal, stdout, stderr } = spawnSync(FORGE, args, {
      cwd: ROOT,
      env: { ...FORGE_ENV, ...env, FOUNDRY_BLOCK_COINBASE: coinbaseOf(id) },
      encoding: "utf8",
      timeout,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 28,
    });
    if (signal === "SIGKILL") return UNFINISHED;
    if (status === 0) {
      if (!/ 0 failed/.test(stdout)) throw new Error(`no test ran: ${stdout}${stderr}`);
      continue;
    }
    const [, failed] = stdout.match(/^\[FAIL.*?\] (\w+)\(/m) ?? stdout.match(/^\[FAIL.*?\]?\s*(\w+)/m) ?? [];
    if (!failed) throw new Error(`forge ${args.join(" ")}: ${stdout}${stderr}`);
    return failed;
  }
  return undefined;
}

function main() {
  const [wanted] = process.argv.slice(2);
  const again = wanted === "--survivors";
  const sources = readSources();
  const all = findMutants(sources);
  const equivalent = JSON.parse(readFileSync(EQUIVALENT, "utf8"));

  mkdirSync(WORK, { recursive: true });
  // What a mutant is, its name says.
  const source = fingerprint(SOURCE);
  const tests = fingerprint(TESTS);
  const kept = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
  const valid = kept.source === source && (again || kept.tests === tests);
  const state = { source, tests, results: valid ? kept.results : {} };
  const keep = () => writeFileSync(RESULTS, JSON.stringify(state, null, 1));

  const chosen = all.filter(({ name }) => again || !wanted || name.startsWith(wanted));
  const due = chosen.filter(({ name }) =>
    again ? !(state.results[name] || equivalent[name]) : !(name in state.results),
  );
  console.log(`${all.length} mutants, ${due.length} to run`);

  if (due.length) {
    installCompiler();
    execFileSync(FORGE, ["build", "--quiet"], { cwd: ROOT, env: FORGE_ENV, stdio: "inherit" });
    deployable(compileSchema(sources, all));
    const unchanged = firstFailure(0);
    if (unchanged === UNFINISHED) throw new Error("the tests do not end without a mutant");
    if (unchanged) throw new Error(`${unchanged} fails without a mutant`);
  }
  const unfinished = [];
  const began = Date.now();
  let done = 0;
  // Those without a modifier last: each of them is compiled by itself.
  for (const mutant of due.sort((a, b) => Number(!a.edits) - Number(!b.edits))) {
    const { id, name, file, modifier } = mutant;
    if (modifier) deployable(compile({ ...sources, [file]: without(sources[file], modifier) }));
    const killer = firstFailure(id);
    if (killer === UNFINISHED) {
      delete state.results[name];
      unfinished.push(name);
      console.log(`UNFINISHED ${name}`);
    } else {
      state.results[name] = killer ?? null;
      if (!killer && !equivalent[name]) console.log(`SURVIVED ${name}`);
    }
    if (++done % 20 === 0 || done === due.length) {
      keep();
      console.log(`${done} of ${due.length}, ${Math.round((Date.now() - began) / 1000)} s`);
    }
  }
  keep();

  const survivors = chosen.filter(({ name }) => name in state.results && !state.results[name]);
  const failures = survivors.filter(({ name }) => !equivalent[name]).map(({ name }) => `survived: ${name}`);
  failures.push(...unfinished.map((name) => `neither killed nor survived, the tests do not end: ${name}`));
  for (const name of Object.keys(equivalent)) {
    if (!all.some((mutant) => mutant.name === name)) failures.push(`in equivalent.json, but no mutant: ${name}`);
    else if (state.results[name]) failures.push(`in equivalent.json, but killed: ${name}`);
  }
  for (const failure of failures) console.error(failure);
  const killed = chosen.filter(({ name }) => state.results[name]).length;
  const rest = survivors.length - failures.filter((failure) => failure.startsWith("survived")).length;
  console.log(`${chosen.length} mutants: ${killed} killed, ${rest} equivalent, ${failures.length} to look at`);
  process.exitCode = failures.length ? 1 : 0;
}

main();
