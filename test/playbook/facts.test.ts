import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/host/look-program.ts';
import {
  type Answers,
  type Query,
  query,
  queryKey,
  type SystemFacts,
} from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { factCalled, factKeys, factQueries, factsOf } from '../../src/playbook/facts.ts';
import { fileOf } from '../steps/observed.ts';

const system: SystemFacts = {
  hostname: 'web1.example.org',
  distribution: 'debian',
  version: '12',
  kernel: '6.1.0-28-amd64',
  architecture: 'x86_64',
  init: 'systemd',
  systemd: 252,
  udev: 252,
  iproute2: null,
};
const links: Answers['interfaces'] = [
  { name: 'lo', mac: null, isUp: true, addresses: [{ ip: '127.0.0.1', prefix: 8 }] },
  {
    name: 'en-0',
    mac: 'de:ad:be:ef:00:00',
    isUp: true,
    addresses: [
      { ip: '192.0.2.10', prefix: 24 },
      { ip: '192.0.2.11', prefix: 24 },
      { ip: '2001:db8::10', prefix: 64 },
    ],
  },
  { name: 'hostname', mac: null, isUp: false, addresses: [] },
  { name: '__proto__', mac: null, isUp: false, addresses: [] },
];
const route = { table: 254, scope: null, rest: '', metric: null, src: null };
const routes = [
  { ...route, destination: '0.0.0.0/0', via: '192.0.2.9', dev: 'en-0', metric: 100 },
  { ...route, destination: '0.0.0.0/0', via: '192.0.2.1', dev: 'en-0', src: '192.0.2.11' },
  { ...route, destination: '0.0.0.0/0', via: '203.0.113.1', dev: 'en-0', table: 9 },
];
const machine = 'MemTotal:        2036288 kB\n4\n';

interface Host {
  readonly system?: Partial<SystemFacts>;
  readonly release?: string;
  readonly debianVersion?: string;
  readonly machine?: string;
}

/** Facts of a host that tells this. */
function factsWith({ release, debianVersion, machine: told = machine, ...host }: Host = {}) {
  const answerOf = (asked: Query): Answers[Query['kind']] => {
    if (asked.kind === 'system') return { ...system, ...host.system };
    if (asked.kind === 'interfaces') return links;
    if (asked.kind === 'routes')
      return { entries: asked.family === 4 ? routes : [], fingerprint: null };
    if (asked.kind === 'output') {
      return { status: 0, stdout: told, stderr: '', isCut: false, isTimedOut: false };
    }
    const text =
      asked.kind === 'file' && asked.path === '/etc/os-release' ? release : debianVersion;
    return text === undefined ? { type: 'absent' } : fileOf(text);
  };
  const seen = factQueries.map((asked): [string, Observation] => [
    queryKey(asked),
    { answer: answerOf(asked) },
  ]);
  return Object.fromEntries(Object.entries(factsOf(new HostState(new Map(seen))) ?? {}));
}

const byName = (facts: Readonly<Record<string, unknown>>) => new Map(Object.entries(facts));

describe('factsOf', () => {
  test('has all facts, under names and in words of Ansible', () => {
    const facts = factsWith({
      release:
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
      debianVersion: '12.11\n',
    });

    expect(facts).toMatchObject({
      distribution: 'Debian',
      distribution_major_version: '12',
      distribution_release: 'bookworm',
      distribution_version: '12.11',
      os_family: 'Debian',
      pkg_mgr: 'apt',
      service_mgr: 'systemd',
      hostname: 'web1',
      nodename: 'web1.example.org',
      memtotal_mb: 1988,
      processor_vcpus: 4,
    });
    expect(Object.keys(facts)).toEqual(expect.arrayContaining([...factKeys]));
  });

  test('has the way out by the main table, where it costs least', () => {
    const facts = factsWith();

    expect({ ...Object(byName(facts).get('default_ipv4')) }).toEqual({
      interface: 'en-0',
      gateway: '192.0.2.1',
      address: '192.0.2.11',
      prefix: '24',
      macaddress: 'de:ad:be:ef:00:00',
    });
    expect({ ...Object(byName(facts).get('default_ipv6')) }).toEqual({});
    expect(byName(facts).get('all_ipv4_addresses')).toEqual(['192.0.2.10', '192.0.2.11']);
    expect(byName(facts).get('all_ipv6_addresses')).toEqual(['2001:db8::10']);
  });

  test('has each link by its name, and no link takes the place of a fact', () => {
    const facts = factsWith();

    expect(byName(facts).get('en_0')).toMatchObject({
      device: 'en-0',
      ipv4: { address: '192.0.2.10' },
    });
    expect(byName(facts).get('hostname')).toBe('web1');
    expect(byName(facts).get('interfaces')).toEqual(['lo', 'en-0', 'hostname', '__proto__']);
    expect(Object.keys(facts)).toContain('__proto__');
  });

  test.each<[string, string | null, string, readonly [string, string, string | null]]>([
    ['ubuntu', '24.04', 'ID_LIKE=debian\n', ['Ubuntu', 'Debian', 'apt']],
    ['rhel', '9.5', 'ID_LIKE="fedora"\n', ['RedHat', 'RedHat', 'dnf']],
    ['centos', '7', 'ID_LIKE="rhel fedora"\n', ['CentOS', 'RedHat', 'yum']],
    ['rocky', '9.4', '', ['Rocky', 'RedHat', 'dnf']],
    ['alpine', '3.20.3', '', ['Alpine', 'Alpine', 'apk']],
    ['arch', null, '', ['Archlinux', 'Archlinux', 'pacman']],
    ['opensuse-leap', '15.6', 'ID_LIKE="suse opensuse"\n', ['openSUSE Leap', 'Suse', 'zypper']],
    ['pop', '22.04', 'ID_LIKE="ubuntu debian"\n', ['pop', 'Debian', 'apt']],
    ['void', null, '', ['void', 'void', null]],
    ['constructor', '1', 'ID_LIKE="toString"\n', ['constructor', 'constructor', null]],
  ])('knows %s', (distribution, version, release, [name, family, manager]) => {
    const facts = factsWith({ system: { distribution, version }, release });

    expect(facts).toMatchObject({ distribution: name, os_family: family, pkg_mgr: manager });
  });

  test('takes no version from a file that says another one', () => {
    expect(byName(factsWith({ debianVersion: 'trixie/sid\n' })).get('distribution_version')).toBe(
      '12',
    );
    expect(byName(factsWith({ debianVersion: '13.1\n' })).get('distribution_version')).toBe('12');
  });

  test('what a host does not tell is null', () => {
    const facts = factsWith({ machine: '', system: { distribution: null, version: null } });

    expect(facts).toMatchObject({ memtotal_mb: null, processor_vcpus: null, os_family: null });
  });

  test('is null before anybody looked', () => {
    const seen = new Map([[queryKey(query.system()), { answer: system }]]);

    expect(factsOf(new HostState(seen))).toBeNull();
  });
});

test('factCalled finds a fact by the name of a variable', () => {
  const facts = factsWith();

  expect(factCalled('ansible_kernel', facts)).toBe('6.1.0-28-amd64');
  expect(factCalled('ansible_facts', facts)).toBe(facts);
  expect(factCalled('ansible_toString', facts)).toBeNull();
});
