import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHostPath } from '../../src/host/names.ts';
import { includedIn } from '../../src/xen/interfaces-includes.ts';
import { runs } from '../runs.ts';

fc.configureGlobal({ numRuns: runs() });

/** The line's files, and which of these names of a directory it takes. */
const names = ['eth0', 'eth0.cfg', '50-cloud-init', '.eth0', 'eth0.cfg~', 'x y'];

function seen(line: string, path?: string): readonly unknown[] {
  return includedIn(`${line}\n`, path).map((each) =>
    each.kind === 'file' ? each.path : [each.path, each.suffix, names.filter(each.matches)],
  );
}

describe('includedIn', () => {
  test.each<[string, readonly unknown[]]>([
    [
      'source /etc/network/interfaces.d/*',
      [
        [
          '/etc/network/interfaces.d',
          '',
          ['eth0', 'eth0.cfg', '50-cloud-init', 'eth0.cfg~', 'x y'],
        ],
      ],
    ],
    ['source interfaces.d/*.cfg', [['/etc/network/interfaces.d', '.cfg', ['eth0.cfg']]]],
    [
      'source interfaces.d/[!5]*',
      [['/etc/network/interfaces.d', '', ['eth0', 'eth0.cfg', 'eth0.cfg~', 'x y']]],
    ],
    ['source interfaces.d/eth0', ['/etc/network/interfaces.d/eth0']],
    ['  source\t./a/../eth0 /x/y', ['/etc/network/eth0', '/x/y']],
    [
      'source-directory interfaces.d',
      [['/etc/network/interfaces.d', '', ['eth0', '50-cloud-init']]],
    ],
    [
      'source-directory /etc/network/interfaces.d/',
      [['/etc/network/interfaces.d', '', ['eth0', '50-cloud-init']]],
    ],
    [
      'source interfaces.d/eth0 \\\n  interfaces.d/eth1',
      ['/etc/network/interfaces.d/eth0', '/etc/network/interfaces.d/eth1'],
    ],
    ['#source interfaces.d/*', []],
    // What a shell would have to expand is not seen.
    ['source /etc/network/*/eth0', []],
    ['source $HOME/x', []],
    ['source "`id`"', []],
    ['source-directory /etc/network/*.d', []],
  ])('reads %j', (line, expected) => {
    expect(seen(line)).toEqual(expected);
  });

  test('takes relative names from where the file is', () => {
    expect(seen('source more/*', '/etc/network/interfaces.d/all')).toEqual([
      ['/etc/network/interfaces.d/more', '', expect.anything()],
    ]);
  });

  test('names each once, few of many, and only paths that a host can be asked for', () => {
    const word = fc.string({
      unit: fc.constantFrom('/', '.', 'a', '*', '[', ']', '!', '$', '`', '\xe9', '~'),
    });
    const line = fc
      .tuple(fc.constantFrom('source', 'source-directory'), fc.array(word, { maxLength: 40 }))
      .map(([keyword, words]) => `${keyword} ${words.join(' ')}\n`);

    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join('');
        const found = includedIn(text + text);

        expect(found.length).toBe(includedIn(text).length);
        expect(found.length).toBeLessThanOrEqual(16);
        for (const { path } of found) expect(isHostPath(path)).toBe(true);
      }),
    );
  });
});
