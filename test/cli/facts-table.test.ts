import { describe, expect, test } from 'vitest';
import { factsDocument, type HostReport } from '../../src/cli/facts-document.ts';
import { domainsTable, factsTables } from '../../src/cli/facts-table.ts';
import type { HostFacts } from '../../src/cli/facts-topics.ts';
import type { Answers } from '../../src/host/query.ts';
import { namedHosts } from '../../src/inventory/named-hosts.ts';

const system: Answers['system'] = {
  ...{ hostname: 'x', distribution: 'debian', version: '12', kernel: '6.1.0' },
  ...{ architecture: 'x86_64', init: 'systemd', systemd: 252, udev: 252 },
  iproute2: { version: '6.1.0', isBusybox: false, hasJson: true },
};

const nothing: HostFacts = {
  ...{ system: null, network: null, firewalls: null, xen: null },
  failure: null,
};

function reportsOf(facts: Readonly<Record<string, Partial<HostFacts>>>): HostReport[] {
  return [...namedHosts(Object.keys(facts)).hosts.values()].map((host) => ({
    host,
    outcome: { status: 'ok', facts: { ...nothing, ...facts[host.name] } },
  }));
}

describe('factsTables', () => {
  test('a thousand hosts of three kinds are three rows, and the names are ranges', () => {
    const names = Array.from({ length: 1000 }, (_, n) => `web${String(n).padStart(3, '0')}`);
    const old = { ...system, version: '11' };
    const text = factsTables(
      reportsOf({
        ...Object.fromEntries(names.map((name) => [name, { system }])),
        xen7: { system: old },
        xen31: { system: old },
        alpine: { system: { ...system, distribution: 'alpine', systemd: null, init: 'openrc' } },
      }),
      ['system'],
    );

    expect(text).toBe(
      'HOSTS  DISTRIBUTION  KERNEL  MACHINE  INIT         UDEV  IPROUTE2  WHICH\n' +
        '1000   debian 12     6.1.0   x86_64   systemd 252  252   6.1.0     web[000:999]\n' +
        '2      debian 11     6.1.0   x86_64   systemd 252  252   6.1.0     xen7, xen31\n' +
        '1      alpine 12     6.1.0   x86_64   openrc       252   6.1.0     alpine\n',
    );
  });

  test('names that have nothing in common are cut', () => {
    const names = Array.from({ length: 200 }, (_, n) => `${'abcdefgh'[n % 8]}${n * 7}`);
    const text = factsTables(
      reportsOf(Object.fromEntries(names.map((name) => [name, { system }]))),
      ['system'],
    );

    expect(text.split('\n')[1]).toMatch(/^200 .*, \.\.\.$/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(140);
  });

  test('a host without Xen is no row', () => {
    const xen = { version: null, isDom0: false, toolstack: null, domains: null };

    expect(factsTables(reportsOf({ a: { xen } }), ['xen'])).toBe('');
  });
});

const evil = 'a\u001b[31m\nb\u202e';
const xen: Answers['xen'] = {
  ...{ version: evil, isDom0: true, toolstack: 'xl' },
  domains: [
    {
      id: 1,
      name: evil,
      vifs: [{ handle: 0, device: evil, mac: evil, ips: [evil], script: evil, bridge: evil }],
    },
  ],
};
const hostile = reportsOf({
  a: {
    system: { ...system, hostname: evil, distribution: evil, version: evil, kernel: evil },
    xen,
  },
});

test('nothing that a host says reaches the terminal as it is', () => {
  const text = [
    factsTables(hostile, ['system', 'xen']),
    domainsTable(hostile),
    JSON.stringify(factsDocument(hostile, ['system', 'xen'], { version: '0', exit: 0 })),
  ].join('');

  expect(text).not.toMatch(/(?!\n)[\p{C}]/u);
  expect(factsTables(hostile, ['system', 'xen']).split('\n')).toHaveLength(6);
  expect(domainsTable(hostile).split('\n')).toHaveLength(3);
});

test('a host with more vifs than any dom0 has, and names longer than a line, still makes a table', () => {
  const vif = { handle: 0, mac: 'm'.repeat(4000), ips: [], script: null, bridge: null };
  const vifs = Array.from({ length: 130_000 }, (_, n) => ({ ...vif, device: `vif1.${n}` }));
  const many = reportsOf({ a: { xen: { ...xen, domains: [{ id: 1, name: 'web', vifs }] } } });

  const lines = domainsTable(many).split('\n');

  expect(lines).toHaveLength(130_002);
  expect(Math.max(...lines.slice(0, 9).map(({ length }) => length))).toBeLessThan(140);
});
