import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode } from 'yaml';
import type { Diagnostic } from './diagnostic.ts';
import { quoted } from './quoted.ts';
import { Secret } from './secret.ts';
import { isSecretTag, type SecretTag, secretOrigin } from './secret-tags.ts';
import type { MapEntry, ScalarNode, SourceNode } from './source-node.ts';
import { diagnosticAt, type Place, placeName, type SourceText } from './source-text.ts';

const MOST_ALIASED = 100_000;
const REFUSED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const HALF_CHARACTER = /\p{Cs}/u;
// Control characters but tab and line feed too.
const REFUSED_CHARACTER = /(?![\t\n])[\p{Cc}\p{Cs}]/u;

interface Anchor {
  /** null while it is being read: an alias to it would never end. */
  readonly node: SourceNode | null;
  readonly weight: number;
}

/** Turns one YAML document into nodes that know their places; says what it refuses. */
export class TreeBuilder {
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: SourceText;
  readonly #anchors = new Map<string, Anchor>();
  readonly #refused: RegExp;
  #weight = 0;
  #aliasedWeight = 0;

  constructor(source: SourceText, takesControls: boolean) {
    this.#source = source;
    this.#refused = takesControls ? HALF_CHARACTER : REFUSED_CHARACTER;
  }

  build(document: Document.Parsed): SourceNode {
    const { contents } = document;
    return contents === null
      ? this.#empty({ source: this.#source, start: 0, end: 0 })
      : this.#node(contents);
  }

  #node(node: ParsedNode): SourceNode {
    if (isAlias(node)) return this.#alias(node.source, this.#place(node));
    const { anchor } = node;
    if (anchor === undefined) return this.#content(node);
    const before = this.#weight;
    this.#anchors.set(anchor, { node: null, weight: 0 });
    const content = this.#content(node);
    this.#anchors.set(anchor, { node: content, weight: this.#weight - before });
    return content;
  }

  #content(node: ParsedNode): SourceNode {
    this.#weight++;
    const place = this.#place(node);
    if (isSecretTag(node.tag)) return this.#secret(node.tag, node, place);
    return this.#untagged(node, place);
  }

  /** Whatever is wrong with it: nothing of it is repeated, and its lines are not shown. */
  #secret(tag: SecretTag, node: ParsedNode, { source, start, end }: Place): SourceNode {
    source.conceal(start, end);
    const place = { source, start, end: Math.min(end, start + 1) };
    const found = this.diagnostics.length;
    const origin = secretOrigin(tag, this.#untagged(node, place));
    if (!('message' in origin)) return { kind: 'secret', secret: new Secret(origin, place), place };
    this.diagnostics.splice(found);
    this.#refuse(place, origin.message, origin.hint);
    return this.#empty(place);
  }

  /** A password that should have been a secret is not shown either. */
  #conceal({ source, start, end }: Place): void {
    source.conceal(start, end);
  }

  #untagged(node: ParsedNode, place: Place): SourceNode {
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node.items), place };
    if (isSeq(node))
      return { kind: 'list', items: node.items.map((item) => this.#node(item)), place };
    if (isScalar(node)) return this.#scalar(node.value, place);
    return this.#empty(place);
  }

  #entries(pairs: readonly Pair<ParsedNode, ParsedNode | null>[]): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>();
    for (const { key: keyNode, value } of pairs) {
      const place = keyNode === null ? this.#nextTo(value) : this.#place(keyNode);
      const key = this.#key(keyNode, place);
      if (key === 'password' && value !== null) this.#conceal(this.#place(value));
      const child =
        value === null ? this.#empty({ ...place, start: place.end }) : this.#node(value);
      if (key === null) continue;
      const first = entries.get(key);
      if (first === undefined) entries.set(key, { key: place, value: child });
      else
        this.#refuse(place, `${quoted(key)} is written twice`, `first at ${placeName(first.key)}`);
    }
    return entries;
  }

  #key(node: ParsedNode | null, place: Place): string | null {
    if (node !== null && isSecretTag(node.tag)) {
      this.#source.conceal(place.start, place.end);
      this.#refuse(place, 'a key takes no secret');
      return null;
    }
    if (node === null || !isScalar(node) || node.anchor !== undefined) {
      this.#refuse(place, 'a key must be plain text');
      return null;
    }
    if (typeof node.value !== 'string') {
      const written = place.source.text.slice(place.start, place.end);
      const what = node.value === null ? 'empty' : `a ${typeof node.value}`;
      const hint = written === '' ? null : `quote it: ${quoted(written)}`;
      this.#refuse(
        place,
        written === '' ? 'a key is missing' : `the key ${written} is ${what}, not text`,
        hint,
      );
      return null;
    }
    if (REFUSED_KEYS.has(node.value)) {
      this.#refuse(place, `${quoted(node.value)} is not allowed as a key`);
      return null;
    }
    if (node.value === '<<') {
      this.#refuse(
        place,
        '"<<" is not allowed as a key',
        'YAML 1.2 has no merge keys: write the keys out',
      );
      return null;
    }
    return this.#checkText(node.value, place) ? node.value : null;
  }

  #scalar(value: unknown, place: Place): ScalarNode {
    if (typeof value === 'string') {
      this.#checkText(value, place);
      return { kind: 'scalar', value, place };
    }
    if (typeof value === 'number') {
      this.#checkNumber(value, place);
      return { kind: 'scalar', value, place };
    }
    if (typeof value === 'boolean' || value === null) return { kind: 'scalar', value, place };
    this.#refuse(place, 'this is no text, number or boolean');
    return this.#empty(place);
  }

  #alias(name: string, place: Place): SourceNode {
    const anchor = this.#anchors.get(name);
    if (anchor === undefined) this.#refuse(place, `the alias *${name} has no anchor before it`);
    else if (anchor.node === null)
      this.#refuse(place, `the alias *${name} is inside its own anchor`);
    else {
      this.#weight += anchor.weight;
      const before = this.#aliasedWeight;
      this.#aliasedWeight += anchor.weight;
      if (this.#aliasedWeight <= MOST_ALIASED) return anchor.node;
      if (before <= MOST_ALIASED) {
        this.#refuse(place, `the aliases up to here repeat more than ${MOST_ALIASED} values`);
      }
    }
    return this.#empty(place);
  }

  #checkText(text: string, place: Place): boolean {
    const found = this.#refused.exec(text);
    if (found === null) return true;
    const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    this.#refuse(place, `the control character U+${code} is not allowed in a text`);
    return false;
  }

  #checkNumber(value: number, place: Place): void {
    const written = place.source.text.slice(place.start, place.end);
    const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
    if (!isExact) {
      this.#refuse(
        place,
        `the number ${quoted(written)} cannot be held exactly`,
        `quote it if it is text`,
      );
    }
  }

  #empty(place: Place): ScalarNode {
    return { kind: 'scalar', value: null, place };
  }

  #place({ range }: ParsedNode): Place {
    return { source: this.#source, start: range[0], end: range[1] };
  }

  #nextTo(value: ParsedNode | null): Place {
    const start = value?.range[0] ?? 0;
    return { source: this.#source, start, end: start };
  }

  #refuse(place: Place, message: string, hint: string | null = null): void {
    this.diagnostics.push(diagnosticAt(place, message, hint));
  }
}
