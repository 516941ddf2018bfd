import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filterRuleset, outlineOf } from '../../src/host/nft-ruleset.ts';
import { nftScript } from '../../src/host/nft-text.ts';
import { runs } from '../runs.ts';
import { fullPath } from './shells.ts';

/** Text of a runtime file. */
const runtime = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../src/host/runtime', name), 'utf8');

/** What a function of the runtime prints of an input. */
function byHost(file: string, call: string, input: string, ...args: readonly string[]): string {
  const script = `${runtime('look.sh')}\n${runtime(file)}\nXP_NEWLINE='\n' XP_PRINT='printf %s'\n${call}`;
  const env = { PATH: fullPath, LC_ALL: 'C' };
  const bytes = Buffer.from(input, 'latin1');
  return execFileSync('/bin/sh', ['-c', script, 'sh', ...args], { input: bytes, env }).toString(
    'latin1',
  );
}

const anything = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
});

const line = fc.oneof(
  fc.constantFrom('table ip filter {', 'table inet xpush {', 'table ip6 raw { # handle 3', '}'),
  fc.constantFrom('\tflags owner', '\tflags dormant', '\tset friends {', '\t}', '\t}', '\t} '),
  fc.constantFrom('\tchain XPUSH-FWD {', '\tchain XPUSH-FWD { # handle 1', '\tchain forward {'),
  fc.constantFrom('\t\ttype filter hook forward priority filter; policy drop;', '\t\ttype x hook'),
  fc.constantFrom(
    '\t\ttype ipv4_addr',
    '\t\ttype nat hook input priority 0;',
    '\t\tjump XPUSH-FWD',
  ),
  fc.constantFrom('\t\t\t     10.0.0.2 }', '\t\t', '\t\t\t', '', '#status 1', '\t\tcounter drop'),
  anything,
  anything.map((text) => `\t\t${text}`),
);

const ruleset = fc.array(line, { maxLength: 30 }).map((lines) => `${lines.join('\n')}\n`);

describe('filterRuleset', () => {
  test('makes of a ruleset what sed makes of it, byte for byte', () => {
    fc.assert(
      fc.property(
        ruleset,
        fc.uniqueArray(fc.constantFrom('XPUSH-FWD', 'XPUSH-OUT')),
        (text, chains) => {
          const listed = byHost('nft.sh', 'xp_forwarding_nft "$1"', text, nftScript(chains));

          expect(filterRuleset(text, chains)).toBe(listed);
        },
      ),
      { numRuns: runs() },
    );
  });
});

describe('outlineOf', () => {
  test('makes of a ruleset what sed makes of it', () => {
    fc.assert(
      fc.property(ruleset, (text) => {
        const call = 'xp_outline_nft';
        const lines = byHost('facts-firewalls.sh', call, text).split('\n').slice(0, -1);

        expect(outlineOf(text).map((one) => `nft:${one}`)).toEqual(lines);
      }),
      { numRuns: runs() },
    );
  });
});
