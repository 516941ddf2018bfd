import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { rtTablesFile, tableNames, tableNamesSchema } from '../../src/xen/rt-tables-file.ts';
import { runs } from '../runs.ts';
import { mail, webserv } from './fleet.ts';
import { hasNamespaces } from './namespace.ts';

fc.configureGlobal({ numRuns: runs() });

const own = '16\teth0-200\n17\teth1-201\n18\teth2-202\n';

describe('rtTablesFile', () => {
  test('appends the source document’s lines', () => {
    expect(rtTablesFile('254\tmain\n#1\tinr.ruhep', tableNames(webserv))).toBe(
      `254\tmain\n#1\tinr.ruhep\n${own}`,
    );
  });

  test('begins a file with the standard tables', () => {
    const text = rtTablesFile(null, tableNames(webserv)) ?? '';

    expect(text.endsWith(own)).toBe(true);
    for (const line of ['255\tlocal', '254\tmain', '253\tdefault', '0\tunspec']) {
      expect(text.split('\n')).toContain(line);
    }
  });

  test('replaces what has our id or our name, where it stands', () => {
    expect(
      rtTablesFile('0x10 vpn # old\n100 eth1-201\n17 other\n200 isp\n', tableNames(webserv)),
    ).toBe('16\teth0-200\n17\teth1-201\n200 isp\n18\teth2-202\n');
  });

  test('leaves lines alone that say the same', () => {
    const text = '  18 eth2-202\n0x10\t\teth0-200 # one\n17 eth1-201';

    expect(rtTablesFile(text, tableNames(webserv))).toBe(text);
  });

  test('has nothing to write for a guest that needs no tables', () => {
    expect(rtTablesFile('16 vpn\n', tableNames(mail))).toBe('16 vpn\n');
    expect(rtTablesFile(null, tableNames(mail))).toBeNull();
  });

  test('takes away a line of former days, if it is still as it was', () => {
    const former = [
      { id: 40, name: 'eth3-9' },
      { id: 41, name: 'eth4-9' },
      { id: 16, name: 'eth0-200' },
    ];
    const text = `40 eth3-9 # ours once\n41 theirs\n42 eth3-9\n# 40 eth3-9\n${own}`;

    expect(rtTablesFile(text, tableNames(webserv), former)).toBe(
      `41 theirs\n42 eth3-9\n# 40 eth3-9\n${own}`,
    );
    expect(rtTablesFile(own, [], tableNames(webserv))).toBe('');
  });

  test('keeps foreign lines in their order, names each table once, and changes nothing again', () => {
    const foreign = fc.constantFrom(
      '254\tmain',
      '# 16 eth0-200',
      '',
      'garbage',
      '160 eth0-2000',
      '\xe9',
    );
    const ours = fc.constantFrom('16 vpn', '99 eth1-201', '17 eth1-201', '0x12\teth2-202');

    fc.assert(
      fc.property(fc.array(fc.oneof(foreign, ours)), fc.constantFrom('', '\n'), (lines, end) => {
        const text = rtTablesFile(lines.join('\n') + end, tableNames(webserv)) ?? '';

        expect(rtTablesFile(text, tableNames(webserv))).toBe(text);
        const isForeign = (line: string) => !/^(16|17|0x12|99|18)\s/.test(line) && line !== '';
        expect(text.split('\n').filter(isForeign)).toEqual(lines.filter(isForeign));
        for (const name of ['eth0-200', 'eth1-201', 'eth2-202']) {
          expect(text.match(new RegExp(`^\\w+\\s+${name}$`, 'gm'))).toHaveLength(1);
        }
      }),
    );
  });

  test.runIf(hasNamespaces)('gives names that iproute2 understands', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xpush-rt-tables-'));
    try {
      const file = join(folder, 'rt_tables');
      writeFileSync(file, rtTablesFile(null, tableNames(webserv)) ?? '');

      const printed = execFileSync(
        'unshare',
        [
          ...['-n', '-m', 'sh', '-ec'],
          'mount --bind "$0" /etc/iproute2/rt_tables; ip rule add from 192.168.0.201 lookup eth1-201 pref 1016; ip rule',
          file,
        ],
        { encoding: 'utf8' },
      );

      expect(printed).toContain('from 192.168.0.201 lookup eth1-201');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('tableNamesSchema', () => {
  test.each([
    ['the main table', [{ id: 254, name: 'main' }]],
    ['a name of two words', [{ id: 16, name: 'a b' }]],
    ['no list', { id: 16, name: 'eth0-200' }],
  ])('takes no %s', (_, names) => {
    expect(v.safeParse(tableNamesSchema, tableNames(webserv)).success).toBe(true);
    expect(v.safeParse(tableNamesSchema, names).success).toBe(false);
  });
});
