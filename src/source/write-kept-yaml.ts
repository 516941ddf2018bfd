import { Document, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { escapeControls } from './escape-controls.ts';
import type { KeptComments, KeptNode, KeptScalar } from './kept-yaml.ts';
import type { KeptDocument } from './read-kept-yaml.ts';

/** The text of YAML 1.2 that `parseYaml` reads back as the same data, with its comments. */
export function writeKeptYaml({ head, root, foot }: KeptDocument): string {
  const document = new Document(undefined, { version: '1.2', schema: 'core' });
  document.contents = toNode(root);
  const text = document.toString({
    ...{ lineWidth: 0, flowCollectionPadding: true },
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER, // blanks at the ends of lines get lost
  });
  const [above, below] = [head, foot].map((lines) => lines.map((line) => `${commented(line)}\n`));
  const top = (above ?? []).join('');
  const end = (below ?? []).join('');
  return `${top}${top === '' ? '' : '\n'}${text}${end === '' ? '' : '\n'}${end}`;
}

/** One line of a comment, whatever the text. */
function commented(line: string): string {
  return line === '' ? '' : `# ${safeLine(line)}`.trimEnd();
}

function safeLine(line: string): string {
  return escapeControls(line).replace(/[\t\r\n]+/g, ' ');
}

function toNode(node: KeptNode): Scalar | YAMLMap | YAMLSeq {
  switch (node.kind) {
    case 'scalar':
      return withComments(toScalar(node), node);
    case 'list': {
      const list = new YAMLSeq();
      list.items = node.items.map(toNode);
      list.flow = node.isFlow || node.items.length === 0;
      return withComments(list, node);
    }
    case 'map': {
      const map = new YAMLMap();
      map.flow = node.isFlow || node.pairs.length === 0;
      map.items = node.pairs.map(
        (pair) => new Pair(withComments(new Scalar(pair.key), pair), toNode(pair.value)),
      );
      return withComments(map, node);
    }
  }
}

const styles = {
  single: Scalar.QUOTE_SINGLE,
  double: Scalar.QUOTE_DOUBLE,
  literal: Scalar.BLOCK_LITERAL,
  folded: Scalar.BLOCK_FOLDED,
  plain: Scalar.PLAIN,
} as const;

function toScalar({ value, source, style, tag }: KeptScalar): Scalar {
  const scalar = new Scalar<unknown>(value);
  if (typeof value === 'string') scalar.type = styles[style];
  if (typeof value === 'number') {
    const fraction = /^-?\d+\.(\d+)$/.exec(source)?.[1];
    if (fraction !== undefined) scalar.minFractionDigits = fraction.length;
  }
  if (tag !== null) scalar.tag = tag;
  return scalar;
}

function withComments<T extends Node>(node: T, { before, behind, isApart }: KeptComments): T {
  if (before.length > 0) node.commentBefore = before.map(spaced).join('\n');
  if (behind.length > 0) node.comment = behind.map(spaced).join('\n');
  if (isApart) node.spaceBefore = true;
  return node;
}

function spaced(line: string): string {
  return line === '' || line === ' ' ? line : ` ${safeLine(line)}`;
}
