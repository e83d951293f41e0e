// Puts all mutants of a source into one: `a < b` becomes `(mutant(7) ? a <= b : a < b)`, a statement
// `if (mutant(8)) {} else { … }`. So the market is compiled once, and a run chooses its mutant.
// The choice is the block's coinbase, which a run gets from outside, and which nothing else reads.

/** Above any account that a test might mean by a small number. */
const FIRST = 2n ** 64n;

export const coinbaseOf = (id) => `0x${(FIRST + BigInt(id)).toString(16).padStart(40, "0")}`;

/** The function that tells; it says that it is pure, so that pure functions can be changed too. */
export const HELPER = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

function isChosen(uint256 id) view returns (bool) {
    return uint160(address(block.coinbase)) == ${FIRST} + id;
}

function asPure(function(uint256) view returns (bool) from)
    pure
    returns (function(uint256) pure returns (bool) to)
{
    assembly ("memory-safe") {
        to := from
    }
}

function mutant(uint256 id) pure returns (bool) {
    return asPure(isChosen)(id);
}
`;

/** A source with all of these mutants in it, each under its id. */
export function schema(source, mutants) {
  const bytes = Buffer.from(source);
  const nodes = new Map();
  for (const { id, edits } of mutants) {
    for (const { start, end, statement, text } of edits) {
      const key = `${start}:${end}:${statement}`;
      if (!nodes.has(key)) nodes.set(key, { start, end, statement, choices: [] });
      nodes.get(key).choices.push({ id, text });
    }
  }
  // The outer before the inner; a statement before the expression that it is.
  const ordered = [...nodes.values()].sort(
    (a, b) => a.start - b.start || b.end - a.end || Number(b.statement) - Number(a.statement),
  );

  function render(start, end, inside) {
    const parts = [];
    let at = start;
    for (let i = 0; i < inside.length; ) {
      const node = inside[i];
      let next = i + 1;
      while (next < inside.length && inside[next].start < node.end) ++next;
      parts.push(bytes.subarray(at, node.start).toString(), choose(node, inside.slice(i + 1, next)));
      at = node.end;
      i = next;
    }
    parts.push(bytes.subarray(at, end).toString());
    return parts.join("");
  }

  function choose({ start, end, statement, choices }, inside) {
    const original = render(start, end, inside);
    if (statement) {
      const branches = choices.map(({ id, text }) => `if (mutant(${id})) { ${text} } else `);
      return `{ ${branches.join("")}{ ${original} } }`;
    }
    return choices.reduce((rest, { id, text }) => `(mutant(${id}) ? ${text} : ${rest})`, original);
  }

  return render(0, bytes.length, ordered).replace(/^pragma [^;]*;/m, '$&\nimport {mutant} from "./Mutant.sol";');
}

/** A source with one change made. */
export function without(source, { start, end }) {
  const bytes = Buffer.from(source);
  return bytes.subarray(0, start).toString() + bytes.subarray(end).toString();
}
