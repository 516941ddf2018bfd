import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  Scalar,
  type Tags,
} from 'yaml';
import { decodeText } from './decode-text.ts';
import type { Diagnostic } from './diagnostic.ts';
import {
  type KeptComments,
  type KeptMap,
  type KeptNode,
  type KeptPair,
  type KeptScalar,
  keptScalar,
} from './kept-yaml.ts';
import type { Result } from './result.ts';
import { diagnosticAt, SourceText } from './source-text.ts';
import { readTokens } from './yaml-tokens.ts';

/** More nodes than that come of aliases only. */
const mostNodes = 200_000;

/** A text of YAML 1.1 with its comments: those at its head, and what it holds. */
export interface KeptDocument {
  readonly head: readonly string[];
  readonly root: KeptNode;
  readonly foot: readonly string[];
}

/**
 * Reads a document of YAML 1.1, the YAML of Ansible: `yes` is true and `0644` a number. Aliases and
 * merge keys are written out.
 *
 * @param file the name that messages give the text
 */
export function readKeptYaml(input: string | Uint8Array, file: string): Result<KeptDocument> {
  const decoded = decodeText(input, file);
  if (!decoded.ok) return decoded;
  const source = new SourceText(file, decoded.value, false);
  const read = readTokens(source);
  if (!read.ok) return { ok: false, diagnostics: [read.diagnostic] };
  const composer = new Composer({
    ...({ version: '1.1', schema: 'yaml-1.1', merge: false } as const),
    ...{ uniqueKeys: false, prettyErrors: false, logLevel: 'silent', customTags: kept },
  });
  const [document, second] = [...composer.compose(read.tokens, true, source.text.length)];
  if (document === undefined) throw new Error('the composer gave no document');
  const found = document.errors.map(({ message, pos }): Diagnostic => {
    const said = `not valid YAML: ${message.split('\n')[0] ?? ''}`;
    return diagnosticAt({ source, start: pos[0], end: pos[1] }, said);
  });
  if (second !== undefined) {
    const start = second.range[0];
    found.push(diagnosticAt({ source, start, end: start + 3 }, 'a second document begins here'));
  }
  if (found.length > 0) return { ok: false, diagnostics: found.slice(0, 5) };
  const reader = new Reader(source);
  const root = document.contents === null ? keptScalar(null) : reader.read(document.contents);
  if (reader.wrong.length > 0) return { ok: false, diagnostics: reader.wrong };
  return {
    ok: true,
    value: { head: lines(document.commentBefore), root, foot: lines(document.comment) },
  };
}

/** Tags of Ansible's own; others stay texts. */
const kept: Tags = ['!vault', '!unsafe', '!vault-encrypted'].map((tag) => ({
  tag,
  resolve: (text: string) => text,
}));

class Reader {
  readonly wrong: Diagnostic[] = [];
  readonly #source: SourceText;
  readonly #anchors = new Map<string, KeptNode>();
  #count = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  read(node: ParsedNode): KeptNode {
    if (++this.#count > mostNodes) return this.#refuse(node, 'aliases repeat too much');
    if (isAlias(node)) {
      const known = this.#anchors.get(node.source);
      if (known === undefined) return this.#refuse(node, `there is no anchor ${node.source}`);
      this.#count += sizeOf(known);
      return this.#count > mostNodes
        ? this.#refuse(node, 'aliases repeat too much')
        : { ...known, ...commentsOf(node) };
    }
    const value = this.#content(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, value);
    return value;
  }

  #content(node: ParsedNode): KeptNode {
    const comments = commentsOf(node);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item));
      return { kind: 'list', items, isFlow: node.flow === true, ...comments };
    }
    if (isMap(node)) {
      const pairs = node.items.flatMap((pair) => this.#pair(pair));
      const merged = pairs.flatMap((pair) =>
        pair.key === '<<' ? [...mergedOf(pair.value, pairs)] : [pair],
      );
      return { kind: 'map', pairs: merged, isFlow: node.flow === true, ...comments };
    }
    return isScalar(node) ? this.#scalar(node) : keptScalar(null);
  }

  #pair({ key, value }: Pair<ParsedNode, ParsedNode | null>): readonly KeptPair[] {
    if (!isScalar(key)) {
      this.#refuse(value ?? key, 'a key must be plain text');
      return [];
    }
    const written = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
    const node = value === null ? keptScalar(null) : this.read(value);
    return [{ key: written, value: node, ...commentsOf(key) }];
  }

  #scalar(node: Scalar.Parsed): KeptScalar {
    const { value } = node;
    const source = node.source;
    const plain = {
      kind: 'scalar',
      source,
      style: styleOf(node.type),
      ...commentsOf(node),
    } as const;
    const tag = node.tag !== undefined && /^!(?:vault|unsafe)/.test(node.tag) ? node.tag : null;
    // of PyYAML's truth values, these are none
    const isLetter = typeof value === 'boolean' && /^[ynYN]$/.test(source);
    const isPlain =
      value === null || ['string', 'number', 'boolean'].includes(typeof value) ? !isLetter : false;
    if (isPlain && (value === null || typeof value !== 'object')) {
      const known = typeof value === 'string' || typeof value === 'boolean' ? value : null;
      return { ...plain, tag, value: typeof value === 'number' ? value : known };
    }
    return { ...plain, tag, value: source };
  }

  #refuse(node: Node, message: string): KeptNode {
    const [start = 0, end = start] = node.range ?? [];
    if (this.wrong.length === 0) {
      this.wrong.push(diagnosticAt({ source: this.#source, start, end }, message));
    }
    return keptScalar(null);
  }
}

/** What a merge key brings: what the map says itself counts more. */
function* mergedOf(node: KeptNode, own: readonly KeptPair[]): Iterable<KeptPair> {
  const maps = (node.kind === 'list' ? node.items : [node]).filter(
    (one): one is KeptMap => one.kind === 'map',
  );
  const known = new Set(own.map(({ key }) => key));
  for (const pair of maps.flatMap(({ pairs }) => pairs)) {
    if (known.has(pair.key)) continue;
    known.add(pair.key);
    yield pair;
  }
}

function sizeOf(node: KeptNode): number {
  switch (node.kind) {
    case 'scalar':
      return 1;
    case 'list':
      return node.items.reduce((sum, item) => sum + sizeOf(item), 1);
    case 'map':
      return node.pairs.reduce((sum, { value }) => sum + 1 + sizeOf(value), 1);
  }
}

function styleOf(type: Scalar.Parsed['type']): KeptScalar['style'] {
  if (type === Scalar.QUOTE_SINGLE) return 'single';
  if (type === Scalar.QUOTE_DOUBLE) return 'double';
  if (type === Scalar.BLOCK_LITERAL) return 'literal';
  return type === Scalar.BLOCK_FOLDED ? 'folded' : 'plain';
}

function commentsOf({ commentBefore, comment, spaceBefore }: Partial<Node>): KeptComments {
  const [before, behind] = [lines(commentBefore), lines(comment)];
  return { before, behind, isApart: spaceBefore === true };
}

function lines(comment: string | null | undefined): readonly string[] {
  if (comment === null || comment === undefined || comment === '') return [];
  return comment.split('\n').map((line) => (line === ' ' ? line : line.replace(/^ /, '')));
}
