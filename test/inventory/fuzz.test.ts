import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpNetwork, normalIp, parseIpCidr } from '../../src/inventory/address.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { escapeControls } from '../../src/source/escape-controls.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { runs } from '../runs.ts';

const EXAMPLES = ['webserv', 'two-guests', 'dual-stack'].map((name) =>
  readFileSync(`inventory/${name}.yaml`, 'utf8'),
);
const KEYS =
  'networks dom0 domU hosts groups vars ssh playbook subnet gateway address uplink xen version toolstack firewall policy admin rules log antispoof config vifs allow names network_config mac ip ips iface table id name script bridge vifname rate model proto ports from from_ports direction to jump user port children lan xen1 web mail[1:3] all __proto__ constructor'.split(
    ' ',
  );
const VALUES = [
  'xen1',
  'web',
  'lan',
  '10.0.0.0/24',
  '10.0.0.1',
  '10.0.0.[1:3]',
  '2001:db8::/64',
  '2001:DB8::0:5',
  '2001:db8::[1:3]',
  'fe80::1',
  'fe80::1%eth0',
  '::',
  '::ffff:10.0.0.1',
  '::/0',
  'all',
  'domU@xen1',
  'eth0',
  'tcp',
  'iftab',
  '00:16:3e:00:00:01',
  'dom0',
  '80-90',
  '',
  '\u202e',
  '\x1b[2J',
  'a b',
  '-x',
  '0644',
  'x'.repeat(300),
];

/** Loads a text, which must end soon in an inventory or in diagnostics that have places. */
async function survives(stdin: string | Uint8Array): Promise<void> {
  const started = performance.now();
  try {
    expectOneSpelling(await loadInventory({ argument: '-', stdin }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.diagnostics.length).toBeGreaterThan(0);
    for (const diagnostic of error.diagnostics) {
      const shown = formatDiagnostic(diagnostic);
      expect(shown).toMatch(/^<stdin>:[1-9]\d*:[1-9]\d*: \S/);
      expect(escapeControls(shown)).toBe(shown);
      expect(shown.split('\n').length).toBeLessThanOrEqual(4);
    }
  }
  expect(performance.now() - started).toBeLessThan(5000);
}

/** Checks that steps can compare the addresses of an inventory as texts. */
function expectOneSpelling(inventory: Inventory): void {
  for (const host of inventory.hosts.values()) {
    expect(normalIp(host.address)).toBe(host.address);
    if (host.kind !== 'domU') continue;
    for (const { ips, ipv4, ipv6 } of host.vifs) {
      expect(ips.map(normalIp)).toEqual(ips);
      expect([...(ipv4?.ips ?? []), ...(ipv6?.ips ?? [])].toSorted()).toEqual(ips.toSorted());
    }
    const own = host.vifs.flatMap(({ ips }) => ips);
    for (const { direction, from, to } of host.allow ?? []) {
      for (const text of [...from, ...(direction === 'out' ? to : [])]) {
        const network = parseIpCidr(text)?.network;
        expect(network && formatIpNetwork(network)).toBe(text);
      }
      if (direction === 'in') expect(own).toEqual(expect.arrayContaining([...to]));
    }
  }
}

const scalar = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('tree'), { maxKeys: 6 }),
  ),
}));
const section = fc.dictionary(fc.constantFrom(...KEYS), tree, { maxKeys: 5 });
const inventory = fc.record(
  {
    networks: section,
    dom0: section,
    domU: section,
    hosts: section,
    groups: section,
    vars: tree,
    ssh: tree,
  },
  { requiredKeys: ['domU'] },
);

type Mutation = (text: string) => string;
const at = fc.nat(2000);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.string({ unit: 'binary', maxLength: 3 })).map(
    ([from, added]): Mutation =>
      (text) =>
        text.slice(0, from % text.length) + added + text.slice(from % text.length),
  ),
  fc.tuple(at, fc.nat(30)).map(
    ([from, length]): Mutation =>
      (text) =>
        text.slice(0, from % text.length) + text.slice((from % text.length) + length),
  ),
  fc.tuple(at, at).map(
    ([from, to]): Mutation =>
      (text) => {
        const lines = text.split('\n');
        lines.splice(to % lines.length, 0, lines[from % lines.length] ?? '');
        return lines.join('\n');
      },
  ),
  fc
    .tuple(
      at,
      fc.constantFrom(
        ...VALUES,
        '*a',
        '&a ',
        '!x ',
        '? ',
        '- ',
        '{',
        '[',
        '|',
        '>',
        '"',
        '---\n',
        '%YAML 1.1\n',
        '\t',
        '\r',
      ),
    )
    .map(
      ([from, added]): Mutation =>
        (text) => {
          const words = text.split(' ');
          words[from % words.length] = added;
          return words.join(' ');
        },
    ),
);

describe('loadInventory', () => {
  test('survives any structure of its own words', async () => {
    await fc.assert(
      fc.asyncProperty(inventory, fc.nat(2), (data, indent) =>
        survives(JSON.stringify(data, null, indent)),
      ),
      { numRuns: runs(300) },
    );
  });

  test('survives any mutation of its examples', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...EXAMPLES),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (text, mutations) => survives(mutations.reduce((mutated, mutate) => mutate(mutated), text)),
      ),
      { numRuns: runs(400) },
    );
  });

  test('survives any bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), survives), {
      numRuns: runs(),
    });
  });

  test('survives any text', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 100 }), survives), {
      numRuns: runs(),
    });
  });
});
