import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Document, Pair, Scalar, YAMLMap } from 'yaml';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { nodeAt } from '../../src/source/source-node.ts';
import { readTemplate, render } from '../../src/template/template.ts';
import { runs } from '../runs.ts';
import { scopeOf } from './scope.ts';

const styles = [
  Scalar.BLOCK_FOLDED,
  Scalar.BLOCK_LITERAL,
  Scalar.QUOTE_DOUBLE,
  Scalar.QUOTE_SINGLE,
  Scalar.PLAIN,
] as const;

function yamlOf(text: string, style: Scalar.Type, width: number): string {
  const document = new Document(undefined, { version: '1.2', schema: 'core' });
  const scalar = new Scalar(text);
  scalar.type = style;
  const inner = new YAMLMap();
  inner.items = [new Pair(new Scalar('key'), scalar)];
  const outer = new YAMLMap();
  outer.items = [new Pair(new Scalar('a'), 1), new Pair(new Scalar('vars'), inner)];
  document.contents = outer as never;
  return document.toString({ lineWidth: width });
}

/** The text at the place of the first problem of the scalar at vars.key. */
function marked(yaml: string): { text: string; marked: string | null; line: number } {
  const parsed = parseYaml(yaml, 'p.yaml');
  if (!parsed.ok) throw new Error(`not YAML: ${yaml}`);
  const node = nodeAt(parsed.value, ['vars', 'key']);
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') throw new Error('no text');
  const template = readTemplate(node.value, node.place);
  const result = template.ok ? render(template.value, scopeOf({ fine: 1 })) : template;
  const [problem] = result.ok ? [] : result.diagnostics;
  const line = problem?.position?.line ?? 0;
  const column = problem?.position?.column ?? 0;
  const rest = [...(yaml.split('\n')[line - 1] ?? '')].slice(column - 1);
  return { text: node.value, line, marked: problem === undefined ? null : rest.join('') };
}

const word = fc.constantFrom(
  'a',
  'b:',
  "it's",
  '"q"',
  'é',
  '😀',
  '\\',
  '#',
  '- x',
  '{{ fine }}',
  '  ',
  '\t',
  '\\n',
  "''",
  '%',
);
const gap = fc.constantFrom(' ', '\n', '\n\n', '  ', '\n  ', ' \n');
const prose = fc
  .array(fc.tuple(word, gap), { maxLength: 12 })
  .map((parts) => parts.map((part) => part.join('')).join(''));

describe('placesOf', () => {
  test('finds the offending name wherever and however the text is written', () => {
    fc.assert(
      fc.property(
        prose,
        prose,
        fc.constantFrom(...styles),
        fc.constantFrom(0, 20, 40),
        (before, after, style, width) => {
          const text = `${before}{{ wrong_name }}${after}`;
          fc.pre(style !== 'PLAIN' || !/:\n/.test(text)); // yaml writes what it would read as a map
          const yaml = yamlOf(text, style, width);

          const found = marked(yaml);

          expect(found.marked, yaml).toMatch(/^wrong_name/);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test.each([
    ['a: 1\nvars:\n  key: >-\n    some folded\n    text {{ fine }}\n\n    {{ nope }}\n', 7],
    ['vars:\n  key: |\n    line\n      {{ fine }}\n    {{ nope }}\n', 5],
    [
      'vars:\n  key: "one \\\n    two \\x41\\u00e9\\U0001F600 {{ fine }} \\"x\\"\n    {{ nope }}"\n',
      4,
    ],
    ["vars:\n  key: 'it''s {{ fine }}\n\n    ''{{ nope }}'''\n", 4],
    ['vars:\n  key: plain {{ fine }}\n    goes on {{ nope }} here\n', 3],
    ['vars: { key: "{{ fine }}{{ nope }}" }\n', 1],
    ['vars:\n  key: |2- # a comment with {{ x }}\n      {{ nope }}\n', 3],
  ])('finds it in %j', (yaml, line) => {
    const found = marked(yaml);

    expect(found).toMatchObject({ line, marked: expect.stringMatching(/^nope/) });
  });
});
