import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { escapeControls } from './escape-controls.ts';

/** A value to write; `Quoted` keeps quotes around a text that would not need them. */
export type YamlValue = string | number | boolean | null | Quoted | YamlList | YamlBlock;

export interface Quoted {
  readonly quoted: string;
}

/** `[a, b]`, or an item a line. */
export interface YamlList {
  readonly items: readonly YamlValue[];
  readonly isFlow: boolean;
}

/** `{ a: 1 }`, or a pair a line. */
export interface YamlBlock {
  readonly pairs: readonly YamlPair[];
  readonly isFlow: boolean;
}

export interface YamlPair {
  readonly key: string;
  readonly value: YamlValue;
  /** Lines above it. Texts of any origin: nothing in them ends the comment. */
  readonly comments?: readonly string[];
  /** Whether an empty line comes before it. */
  readonly isApart?: boolean;
}

/** A flow list of texts or numbers. */
export function flowList(items: readonly YamlValue[]): YamlList {
  return { items, isFlow: true };
}

/**
 * The text of a YAML 1.2 document that `parseYaml` reads back as the same data: comments at its head,
 * then the pairs. Texts are quoted where they need it.
 */
export function writeYaml(head: readonly string[], pairs: readonly YamlPair[]): string {
  const document = new Document(undefined, { version: '1.2', schema: 'core' });
  document.contents = node({ pairs, isFlow: false });
  const text = document
    .toString({
      ...{ lineWidth: 0, flowCollectionPadding: true },
      doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER, // blanks at the ends of lines get lost
    })
    .replace(RAW_CONTROLS, (one) => `\\x${one.charCodeAt(0).toString(16)}`);
  const comments = head.map((line) => `${commentLine(line)}\n`).join('');
  return comments === '' ? text : `${comments}\n${text}`;
}

/** One line of a comment, whatever the text. */
function commentLine(text: string): string {
  return `# ${onOneLine(text)}`.trimEnd();
}

function onOneLine(text: string): string {
  return escapeControls(text).replace(/[\t\n]+/g, ' ');
}

/** Controls that the library writes as they are: C1, which terminals obey as they do ESC, and DEL. */
const RAW_CONTROLS = /[\x7f-\x9f]/gu;

function scalar(value: string | number | boolean | null, isQuoted = false): Scalar {
  const written = new Scalar(value);
  const isToEscape = typeof value === 'string' && value.search(RAW_CONTROLS) !== -1;
  if (isQuoted || isToEscape) written.type = Scalar.QUOTE_DOUBLE;
  return written;
}

function node(value: YamlValue): Scalar | YAMLMap | YAMLSeq {
  if (value === null || typeof value !== 'object') return scalar(value);
  if ('quoted' in value) return scalar(value.quoted, true);
  if ('items' in value) {
    const list = new YAMLSeq();
    list.items = value.items.map(node);
    list.flow = value.isFlow;
    return list;
  }
  const map = new YAMLMap();
  map.flow = value.isFlow || value.pairs.length === 0;
  map.items = value.pairs.map((pair) => {
    const key = scalar(pair.key);
    if (pair.isApart === true) key.spaceBefore = true;
    if (pair.comments !== undefined && pair.comments.length > 0) {
      key.commentBefore = pair.comments.map((line) => ` ${onOneLine(line)}`).join('\n');
    }
    return new Pair(key, node(pair.value));
  });
  return map;
}
