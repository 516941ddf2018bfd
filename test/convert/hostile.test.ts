import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeLoadable } from '../../src/convert/make-loadable.ts';
import { convertProject, type ProjectReader, textOf } from '../../src/convert/project.ts';
import { readIniInventory } from '../../src/convert/read-ini-inventory.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const path = '/nowhere/site.yml';

function readerOf(text: string): ProjectReader {
  return {
    read: (asked) => (asked === path ? Buffer.from(text) : null),
    list: () => [],
    glob: () => () => [],
  };
}

/** The converted text; null: it was refused with places. */
function converted(text: string): string | null {
  try {
    const project = convertProject([path], readerOf(text), false);
    const { files, left } = makeLoadable([path], project);
    expect(left.filter(({ position }) => position?.file === path)).toEqual([]);
    const file = files.get(path);
    return file === undefined ? null : textOf(file);
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

const word = fc.constantFrom(
  ...[
    'name',
    'hosts',
    'tasks',
    'block',
    'rescue',
    'when',
    'loop',
    'with_items',
    'with_dict',
    'vars',
  ],
  ...['command', 'copy', 'apt', 'file', 'debug', 'args', 'action', 'notify', 'register', 'become'],
  ...[
    'include_tasks',
    'import_role',
    'meta',
    'msg',
    'src',
    'dest',
    'path',
    'roles',
    'handlers',
    'x',
  ],
);
const scalar = fc.oneof(
  word,
  fc.boolean(),
  fc.integer(),
  fc.constant(null),
  fc.constantFrom(
    '{{ x }}',
    '{{ ansible_hostname',
    'a=b c="d e"',
    'x | failed',
    '# {',
    '*a',
    '{%',
    '',
  ),
);

interface Tree {
  readonly node: unknown;
}

const { node } = fc.letrec<Tree>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    scalar,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(word, tie('node'), { maxKeys: 4 }),
  ),
}));

describe('convert', () => {
  test('whatever a play holds, what comes out loads', () => {
    const play = fc.record(
      {
        hosts: fc.constant('all'),
        tasks: fc.array(fc.dictionary(word, node, { maxKeys: 3 })),
        vars: node,
      },
      { requiredKeys: ['hosts'] },
    );
    fc.assert(
      fc.property(fc.array(play, { minLength: 1, maxLength: 2 }), (plays) => {
        expect(converted(JSON.stringify(plays))).not.toBeNull();
      }),
    );
  });

  test('no text makes it throw but for an error with a place', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const result = converted(`- hosts: all\n  tasks:\n    - ${text}\n`);
        if (result !== null) expect(parseYaml(result, 'x').ok).toBe(true);
      }),
    );
  });
});

describe('readIniInventory', () => {
  test('takes any text, and never more hosts than anybody has', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('[a]', '[a:vars]', '[a:children]', 'h[1:9999999999]', 'x=[', 'h a="'),
          ),
        ),
        (lines) => {
          expect(readIniInventory(lines.join('\n')).hosts.size).toBeLessThan(1_000);
        },
      ),
    );
  });
});
