import { Composer, type CST, type Tags, type YAMLError } from 'yaml';
import { decodeText } from './decode-text.ts';
import type { Diagnostic } from './diagnostic.ts';
import { didYouMean } from './did-you-mean.ts';
import { quoted } from './quoted.ts';
import type { Result } from './result.ts';
import { isSecretTag, secretTags } from './secret-tags.ts';
import type { SourceNode } from './source-node.ts';
import { diagnosticAt, SourceText } from './source-text.ts';
import { readTokens } from './yaml-tokens.ts';
import { TreeBuilder } from './yaml-tree.ts';

const MOST_SYNTAX_ERRORS = 5;
const CORE_TAGS = new Set(['!!bool', '!!float', '!!int', '!!map', '!!null', '!!seq', '!!str']);

/** What could be read of a text, and what is wrong with it. */
export interface ReadYaml {
  /** Without the parts that are refused; null when there is no reading on. */
  readonly root: SourceNode | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** How a text is read. */
export interface YamlOptions {
  /** Whether `!secret` and `!vault` stand for secrets; else they are unknown tags. */
  readonly takesSecrets?: boolean;
  /** Whether nothing of the text may be repeated in a message. */
  readonly isSecret?: boolean;
  /** Whether texts may hold control characters, by their escapes. */
  readonly takesControls?: boolean;
}

/**
 * Parses one YAML 1.2 (core schema) document into nodes that know their places.
 *
 * Refused, each with its place: texts over 10 MB or not in UTF-8, more than one document, tags and
 * directives, duplicate keys, keys that are not text, `__proto__` and its kind, merge keys, control
 * characters, numbers that lose digits, deep nesting and aliases that repeat too much.
 *
 * @param file the name that messages give the text
 */
export function parseYaml(
  input: string | Uint8Array,
  file: string,
  options: YamlOptions = {},
): Result<SourceNode> {
  const { root, diagnostics } = readYaml(input, file, options);
  return root === null || diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: root };
}

/** Like `parseYaml`, but gives what is left without the refused parts, to find more errors in it. */
export function readYaml(
  input: string | Uint8Array,
  file: string,
  { takesSecrets = false, isSecret = false, takesControls = false }: YamlOptions = {},
): ReadYaml {
  const decoded = decodeText(input, file);
  if (!decoded.ok) return { root: null, diagnostics: decoded.diagnostics };
  const source = new SourceText(file, decoded.value, isSecret);
  const read = readTokens(source);
  if (!read.ok) return { root: null, diagnostics: [read.diagnostic] };
  const refused = refusedTokens(read.tokens, source);
  return refused.length > 0
    ? { root: null, diagnostics: refused }
    : compose(read.tokens, source, { takesSecrets, takesControls });
}

/** The values of secret tags are kept as they are written. */
const customTags = secretTags.flatMap(
  (tag): Tags => [
    { tag, resolve: (text: string) => text },
    { tag, collection: 'map', resolve: (map) => map },
  ],
);

function compose(
  tokens: readonly CST.Token[],
  source: SourceText,
  { takesSecrets, takesControls }: Required<Omit<YamlOptions, 'isSecret'>>,
): ReadYaml {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    // `!!binary`, `!!set` and their kind would give values that are no plain data.
    resolveKnownTags: false,
    ...(takesSecrets ? { customTags } : {}),
    // The library compares each key with all others; the tree has them in a map.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const builder = new TreeBuilder(source, takesControls);
  for (const document of composer.compose(tokens, true, source.text.length)) {
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) return { root: null, diagnostics: syntaxDiagnostics(errors, source) };
    const root = builder.build(document);
    return { root, diagnostics: builder.diagnostics };
  }
  throw new Error('the composer gave no document');
}

function refusedTokens(tokens: readonly CST.Token[], source: SourceText): Diagnostic[] {
  const found: Diagnostic[] = [];
  let documents = 0;
  for (const token of tokens) {
    if (token.type === 'directive' && !/^%YAML\s+1\.2\s*$/.test(token.source)) {
      const place = { source, start: token.offset, end: token.offset + token.source.length };
      found.push(
        diagnosticAt(
          place,
          `${quoted(token.source)} is not supported`,
          'leave it out: YAML 1.2 is read',
        ),
      );
    }
    if (token.type === 'document' && ++documents === 2) {
      const place = { source, start: token.offset, end: token.offset + 3 };
      found.push(diagnosticAt(place, 'a second document begins here', 'write one document a file'));
    }
  }
  return found;
}

/** The first error of each line: what follows on a line is mostly a consequence. */
function syntaxDiagnostics(errors: readonly YAMLError[], source: SourceText): Diagnostic[] {
  const byLine = new Map<number, Diagnostic>();
  for (const { code, message, pos } of errors.toSorted(
    (left, right) => left.pos[0] - right.pos[0],
  )) {
    const start = Math.min(pos[0], source.text.length);
    const said = source.isSecret ? 'not valid YAML' : inWords(message);
    const hint = meantTag(message) ?? syntaxHint(code);
    if (meantTag(message) !== null) source.conceal(start, pos[1]);
    const found = diagnosticAt({ source, start, end: pos[1] }, said, hint);
    const line = found.position?.line ?? 0;
    if (!byLine.has(line)) byLine.set(line, found);
    if (byLine.size === MOST_SYNTAX_ERRORS) break;
  }
  return [...byLine.values()];
}

function inWords(message: string): string {
  const tag = /^Unresolved tag: (.*)$/s.exec(message);
  if (tag !== null) {
    const name = (tag[1] ?? '').replace(/^tag:yaml\.org,2002:/, '!!');
    return CORE_TAGS.has(name) || isSecretTag(name)
      ? `the tag ${quoted(name)} does not fit here`
      : `unknown tag ${quoted(name)}`;
  }
  return `not valid YAML: ${message.split('\n')[0] ?? ''}`;
}

/** A slip in a secret's tag: what follows it may be the secret. */
function meantTag(message: string): string | null {
  return didYouMean(/^Unresolved tag: (.*)$/s.exec(message)?.[1] ?? '', secretTags);
}

function syntaxHint(code: YAMLError['code']): string | null {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  return code === 'TAG_RESOLVE_FAILED' ? 'quote the text if it begins with "!"' : null;
}
