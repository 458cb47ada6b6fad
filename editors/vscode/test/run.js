// The TextMate grammars in the engine that editors run: annotated lines hold the scopes written beneath them, and no sign,
// word or name of a spec at hand is left without a scope. Run by `npm test`.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const extension = join(here, "..");
const manifest = JSON.parse(readFileSync(join(extension, "package.json"), "utf8"));
JSON.parse(readFileSync(join(extension, "language-configuration.json"), "utf8"));

const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));

const contributed = manifest.contributes.grammars;
// The languages that ours are injected into; what theirs would match is not the matter here.
const hosts = new Set(contributed.flatMap((grammar) => grammar.injectTo ?? []));

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scopeName) => {
    const own = contributed.find((grammar) => grammar.scopeName === scopeName);
    if (own) return JSON.parse(readFileSync(join(extension, own.path), "utf8"));
    return hosts.has(scopeName) ? { scopeName, patterns: [], repository: {} } : null;
  },
  getInjections: (scopeName) =>
    contributed.filter((grammar) => grammar.injectTo?.includes(scopeName)).map((grammar) => grammar.scopeName),
});

const faults = [];

/** Each line of a text with its tokens. */
async function tokenized(scopeName, text) {
  const grammar = await registry.loadGrammar(scopeName);
  let stack = textmate.INITIAL;
  return text.split("\n").map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    return { line, tokens };
  });
}

/**
 * A file whose first line is `// scope: NAME`. Under a line, `//   ^^^ a b` says that every column above a `^` has the
 * scopes a and b (or scopes below them), and `// <- a` that the first column has a.
 */
async function annotated(path) {
  const [head, ...lines] = readFileSync(path, "utf8").split("\n");
  const scopeName = head.replace("// scope: ", "");
  const claims = [];
  const source = [];
  for (const [i, line] of lines.entries()) {
    const claim = /^\s*\/\/(\s*)(\^+|<-)\s+(\S.*)$/.exec(line);
    if (!claim) {
      source.push(line);
      continue;
    }
    const first = claim[2] === "<-" ? 0 : line.indexOf("^");
    const width = claim[2] === "<-" ? 1 : claim[2].length;
    claims.push({ at: i + 2, row: source.length - 1, first, width, scopes: claim[3].trim().split(/\s+/) });
  }
  const rows = await tokenized(scopeName, source.join("\n"));
  for (const { at, row, first, width, scopes } of claims) {
    for (let column = first; column < first + width; column++) {
      const token = rows[row].tokens.find((token) => token.startIndex <= column && column < token.endIndex);
      const found = token?.scopes ?? [];
      const missing = scopes.filter((scope) => !found.some((has) => has === scope || has.startsWith(`${scope}.`)));
      if (missing.length > 0) {
        faults.push(`${relative(root, path)}:${at}: column ${column + 1} of \`${rows[row].line.trim()}\` lacks ${missing.join(", ")}; it has ${found.join(", ")}`);
        break;
      }
    }
  }
  return claims.length;
}

const RESERVED = new Set(
  /keyword = _\{ \(([^)]*)\)/
    .exec(readFileSync(join(root, "spec/src/syntax/grammar.pest"), "utf8"))[1]
    .match(/\w+/g),
);

/** Words of the language only in their places. */
const CONTEXTUAL = new Set(["allow", "down", "image"]);

/** Faults of a spec's tokens: text without a scope, a word of the language or an operator that is not shown as one. */
async function covered(name, text) {
  let count = 0;
  for (const [i, { line, tokens }] of (await tokenized("source.arch", text)).entries()) {
    for (const { startIndex, endIndex, scopes } of tokens) {
      const piece = line.slice(startIndex, endIndex).trim();
      if (piece === "") continue;
      count++;
      const scope = scopes.at(-1);
      const fault = (expected) => faults.push(`${name}:${i + 1}: \`${piece}\` is ${scope}, expected ${expected}`);
      if (/^(comment|string|constant\.character)/.test(scope)) continue;
      if (scopes.length === 1) fault("a scope");
      else if (RESERVED.has(piece) && !/^(keyword|storage|constant\.language)\./.test(scope)) fault("a word of the language");
      else if (/^([-+*/^=<>|⊕×→!~]|\.\.)/.test(piece) && !scope.startsWith("keyword.operator.")) fault("an operator");
      else if (/^\d/.test(piece) && !scope.startsWith("constant.numeric.")) fault("a number");
      else if (!RESERVED.has(piece) && /^[\p{L}_]/u.test(piece) && /^(keyword\.(control|other)|storage)/.test(scope) && !CONTEXTUAL.has(piece)) fault("a name");
    }
  }
  return count;
}

/** Every file below a folder with an extension. */
function files(folder, extension) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(extension) && !/(^|\/)(target|wip)\//.test(name))
    .sort()
    .map((name) => join(folder, name));
}

let claims = 0;
for (const path of files(here, ".txt")) claims += await annotated(path);

let specs = 0;
let tokens = 0;
const wholes = ["spec/zoo", "examples", "tests/ui/necks"].flatMap((folder) => files(join(root, folder), ".arch"));
for (const path of wholes) {
  specs++;
  tokens += await covered(relative(root, path), readFileSync(path, "utf8"));
}
for (const page of [join(root, "README.md"), ...files(join(root, "docs"), ".md")]) {
  for (const [, text] of readFileSync(page, "utf8").matchAll(/^```arch.*\n([^]*?)^```$/gm)) {
    specs++;
    tokens += await covered(relative(root, page), text);
  }
}

if (claims < 40 || specs < 20) faults.push(`only ${claims} claims and ${specs} specs were found`);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`TextMate: ${claims} annotated scopes hold; ${specs} specs of ${tokens} tokens are covered`);
