// Finds what can be changed in a source: walks solc's syntax tree and answers with a list of mutants.
// A mutant is one small change:
//   { file, place, what, edits: [{ start, end, statement, text }] }
// `edits` replace ranges of bytes, all of them at once; `statement` says that a range is one (else: an expression).
// A mutant without edits but with `modifier` takes a modifier off a function.

const RELATIONAL = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
};
const ARITHMETIC = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "|": "&", "&": "|", "<<": ">>", ">>": "<<" };
const ASSIGNMENT = { "+=": ["-=", "="], "-=": ["+=", "="], "|=": ["&=", "="], "&=": ["|=", "="] };

const isNumber = (type) => /^(uint\d+|int_const .*)$/.test(type);
const typeOf = (node) => node.typeDescriptions?.typeString ?? "";

/** All mutants of one file. `declarations` has each declaration of the whole program by its id. */
export function mutantsOf(file, source, ast, declarations) {
  const bytes = Buffer.from(source);
  const mutants = [];
  const seen = new Map();
  let place = "";

  const range = (node) => {
    const [start, length] = node.src.split(":").map(Number);
    return { start, end: start + length };
  };
  const text = (node) => bytes.subarray(range(node).start, range(node).end).toString();
  const line = (string) => string.replace(/\s+/g, " ").trim();

  function add(what, mutant) {
    const name = `${place}: ${line(what)}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    mutants.push({ file, name: times === 1 ? name : `${name} (${times})`, ...mutant });
  }

  function replace(node, ...replacements) {
    for (const replacement of new Set(replacements)) {
      if (replacement === text(node)) continue;
      const edit = { ...range(node), statement: false, text: replacement };
      add(`\`${text(node)}\` becomes \`${replacement}\``, { edits: [edit] });
    }
  }

  /** A statement with its semicolon, which the tree leaves out. */
  function statementRange(node) {
    const { start, end } = range(node);
    let last = end;
    while (/\s/.test(String.fromCharCode(bytes[last]))) ++last;
    return { start, end: bytes[last] === 59 ? last + 1 : end };
  }

  function replaceStatement(node, replacement) {
    const edit = { ...statementRange(node), statement: true, text: replacement };
    add(replacement === "" ? `without \`${text(node)}\`` : `\`${text(node)}\` becomes \`${replacement}\``, {
      edits: [edit],
    });
  }

  /** What a value of this type can be instead, whatever it is. */
  function anotherValue(node) {
    const type = typeOf(node);
    if (node.nodeType === "Literal" || type.startsWith("int_const")) return;
    if (type === "bool") replace(node, "true", "false");
    else if (/^uint\d+$/.test(type)) replace(node, `${type}(0)`);
    else if (type === "address") replace(node, "address(0)");
  }

  const isConstant = (node) => {
    const declared = declarations.get(node.referencedDeclaration);
    return declared?.nodeType === "VariableDeclaration" && declared.constant;
  };

  function constant(node, parent) {
    const type = typeOf(node);
    if (type === "bool") return replace(node, text(node) === "true" ? "false" : "true");
    if (type === "address") return replace(node, "address(1)");
    if (!isNumber(type)) return;
    const zero = type === "int_const 0";
    // A literal on the left of a shift must keep the type that it has there.
    const shifted = parent?.nodeType === "BinaryOperation" && /<<|>>/.test(parent.operator);
    const wide = (value) => (shifted && parent.leftExpression === node ? `uint256(${value})` : value);
    replace(node, ...(zero ? [wide("1")] : [wide(`(${text(node)} + 1)`), wide(`(${text(node)} - 1)`)]));
  }

  function swaps(call) {
    const given = call.arguments;
    for (let i = 0; i < given.length; ++i) {
      for (let j = i + 1; j < given.length; ++j) {
        const [left, right] = [given[i], given[j]];
        const literals = [left, right].filter((node) => typeOf(node).startsWith("int_const")).length;
        const numbers = isNumber(typeOf(left)) && isNumber(typeOf(right)) && literals === 1;
        if (text(left) === text(right) || (typeOf(left) !== typeOf(right) && !numbers)) continue;
        const edits = [
          { ...range(left), statement: false, text: text(right) },
          { ...range(right), statement: false, text: text(left) },
        ];
        const name = text(call.expression).split(".").at(-1);
        add(`\`${name}\` with \`${text(left)}\` and \`${text(right)}\` swapped`, { edits });
      }
    }
  }

  const visitors = {
    FunctionDefinition(node) {
      for (const modifier of node.modifiers) {
        // A base's constructor looks like a modifier.
        if (modifier.kind !== "modifierInvocation") continue;
        add(`without the modifier \`${text(modifier)}\``, { modifier: range(modifier) });
      }
    },
    IfStatement(node) {
      replace(node.condition, "true", "false", `!(${text(node.condition)})`);
    },
    Conditional(node) {
      replace(node, text(node.trueExpression), text(node.falseExpression));
    },
    ExpressionStatement(node) {
      const { expression } = node;
      if (expression.nodeType === "Assignment") {
        for (const operator of ASSIGNMENT[expression.operator] ?? []) {
          const [to, value] = [text(expression.leftHandSide), text(expression.rightHandSide)];
          replaceStatement(node, `${to} ${operator} ${value};`);
        }
      }
      replaceStatement(node, "");
    },
    EmitStatement(node) {
      replaceStatement(node, "");
    },
    TryStatement(node) {
      replaceStatement(node, "");
    },
    RevertStatement(node, parent) {
      // `if (x) revert` without it is `if (false) revert`.
      if (parent.nodeType !== "IfStatement") replaceStatement(node, "");
    },
    Return(node) {
      if (node.expression) anotherValue(node.expression);
    },
    VariableDeclarationStatement(node) {
      if (node.initialValue) anotherValue(node.initialValue);
    },
    Assignment(node) {
      anotherValue(node.rightHandSide);
    },
    UnaryOperation(node, parent) {
      const operand = text(node.subExpression);
      if (node.operator === "!" && parent.nodeType !== "IfStatement") replace(node, operand);
      if (node.operator === "++") replace(node, `${node.prefix ? "--" : ""}${operand}${node.prefix ? "" : "--"}`);
    },
    BinaryOperation(node) {
      const { operator } = node;
      const [left, right] = [text(node.leftExpression), text(node.rightExpression)];
      if (operator === "&&" || operator === "||") {
        return replace(node, `${left} ${operator === "&&" ? "||" : "&&"} ${right}`, left, right);
      }
      for (const other of RELATIONAL[operator] ?? []) replace(node, `${left} ${other} ${right}`);
      if (operator in ARITHMETIC) replace(node, `${left} ${ARITHMETIC[operator]} ${right}`);
    },
    MemberAccess(node, parent) {
      if (text(node) === "msg.sender") replace(node, "tx.origin");
      if (isConstant(node)) constant(node, parent);
      if (node.memberName === "max" && /^type\(uint/.test(typeOf(node.expression))) {
        replace(node, `(${text(node)} - 1)`);
      }
    },
    Identifier(node, parent) {
      if (isConstant(node)) constant(node, parent);
    },
    Literal(node, parent) {
      constant(node, parent);
    },
    FunctionCall(node) {
      if (node.kind !== "typeConversion") swaps(node);
    },
  };

  /** Whether nothing below this node is to be changed. */
  function isClosed(node) {
    if (node.nodeType === "VariableDeclaration") return node.constant || !node.value;
    return /^(ImportDirective|ModifierInvocation|UsingForDirective|OverrideSpecifier|.*TypeName|InheritanceSpecifier)$/.test(
      node.nodeType,
    );
  }

  function walk(node, parent) {
    if (isClosed(node)) return;
    if (/^(ContractDefinition)$/.test(node.nodeType)) place = node.name;
    const outer = place;
    if (/^(FunctionDefinition|ModifierDefinition)$/.test(node.nodeType)) place += `.${node.name || node.kind}`;
    // Numbers that the compiler computes count as one; so does an address that is written as a number.
    const number = typeOf(node).startsWith("int_const") && node.nodeType !== "Identifier";
    const address = node.nodeType === "FunctionCall" && text(node) === "address(0)";
    if (number || address) constant(node, parent);
    else {
      visitors[node.nodeType]?.(node, parent);
      for (const [key, value] of Object.entries(node)) {
        // Where a loop goes on: what is wrong there never ends.
        if (key === "loopExpression") continue;
        for (const child of Array.isArray(value) ? value : [value]) if (child?.nodeType) walk(child, node);
      }
    }
    place = outer;
  }

  walk(ast, undefined);
  return mutants;
}
