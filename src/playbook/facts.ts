import { answerTo } from '../host/answer.ts';
import { type FileState, type NetworkInterface, type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Data } from '../source/data.ts';
import { distributionOf, packageManagerOf } from './distributions.ts';
import { asMap } from './judge.ts';
import { networkFacts } from './network-facts.ts';

const release = query.file('/etc/os-release');
const debianVersion = query.file('/etc/debian_version');
/** The kernel's lines; its files in /proc are no files to a look. */
const machine = query.output(
  ['/bin/sh', '-c', 'head -n 1 /proc/meminfo; grep -c ^processor /proc/cpuinfo'],
  { isLasting: true, isBrief: true },
);

/** What is asked of a host for `facts`. */
export const factQueries: readonly Query[] = [
  query.system(),
  query.interfaces(),
  query.routes(4),
  query.routes(6),
  release,
  debianVersion,
  machine,
];

/** The facts that every host has, perhaps without a value. */
export const factKeys = [
  'all_ipv4_addresses',
  'all_ipv6_addresses',
  'architecture',
  'default_ipv4',
  'default_ipv6',
  'distribution',
  'distribution_major_version',
  'distribution_release',
  'distribution_version',
  'hostname',
  'init',
  'interfaces',
  'kernel',
  'machine',
  'memtotal_mb',
  'nodename',
  'os_family',
  'pkg_mgr',
  'processor_vcpus',
  'service_mgr',
  'system',
] as const;

/** The names of variables that a host is asked for. */
export const factNames: readonly string[] = [
  'facts',
  'ansible_facts',
  ...factKeys.map((key) => `ansible_${key}`),
];

/** A fact by the name of a variable of `factNames`, among those of a host. */
export function factCalled(name: string, facts: Data): Data {
  if (name === 'facts' || name === 'ansible_facts') return facts;
  const isMap = facts !== null && typeof facts === 'object' && !Array.isArray(facts);
  const key = name.slice('ansible_'.length);
  return isMap ? (Object.entries(facts).find(([own]) => own === key)?.[1] ?? null) : null;
}

/** `facts` of a host, under Ansible's names and in its words; null: nobody has looked yet. */
export function factsOf(state: HostState): Data | null {
  const system = answerTo(state, query.system());
  if (system === null || state.get(machine) === undefined) return null;
  const links: readonly NetworkInterface[] = answerTo(state, query.interfaces()) ?? [];
  const said = releaseOf(answerTo(state, release));
  const like = (said.get('ID_LIKE') ?? '').split(/\s+/).filter(Boolean);
  const distribution =
    system.distribution === null ? null : distributionOf(system.distribution, like);
  const version = versionOf(system, answerTo(state, debianVersion));
  const major = version?.split('.')[0] ?? null;
  const family = distribution?.family ?? null;
  const { memory, processors } = machineOf(answerTo(state, machine)?.stdout ?? '');
  const facts: Readonly<Record<(typeof factKeys)[number], Data>> = {
    ...networkFacts(links, {
      4: answerTo(state, query.routes(4))?.entries ?? [],
      6: answerTo(state, query.routes(6))?.entries ?? [],
    }),
    architecture: system.architecture,
    distribution: distribution?.name ?? null,
    distribution_major_version: major,
    distribution_release: said.get('VERSION_CODENAME') ?? null,
    distribution_version: version,
    hostname: system.hostname.split('.')[0] ?? system.hostname,
    init: system.init,
    kernel: system.kernel,
    machine: system.architecture,
    memtotal_mb: memory,
    nodename: system.hostname,
    os_family: family,
    pkg_mgr: family === null ? null : packageManagerOf(family, Number(major)),
    processor_vcpus: processors,
    service_mgr: system.init === 'unknown' ? 'service' : system.init,
    system: 'Linux',
  };
  // a link may be called as a fact is
  return asMap({ ...linkFacts(links), ...facts });
}

/** Each link by its name, with `_` for `-` as in Ansible. */
function linkFacts(links: readonly NetworkInterface[]): Readonly<Record<string, Data>> {
  const entries = links.map(({ name, mac, isUp, addresses }) => {
    const [ipv4, ipv6] = [4, 6].map((family) =>
      addresses
        .filter(({ ip }) => ip.includes(':') === (family === 6))
        .map(({ ip, prefix }) => asMap({ address: ip, prefix: String(prefix) })),
    );
    const link = asMap({
      device: name,
      active: isUp,
      ...(mac === null ? {} : { macaddress: mac }),
      ...(ipv4?.[0] === undefined ? {} : { ipv4: ipv4[0] }),
      ipv6: ipv6 ?? [],
    });
    return [name.replaceAll('-', '_'), link] as const;
  });
  return Object.fromEntries(entries);
}

/** Debian's os-release(5) has no minor version; its own file has. */
function versionOf(
  {
    distribution,
    version,
  }: { readonly distribution: string | null; readonly version: string | null },
  own: FileState | null,
): string | null {
  if (distribution !== 'debian' || own?.type !== 'file') return version;
  const exact = /^\d+\.\d+(?=\n?$)/.exec(own.content ?? '')?.[0];
  return exact !== undefined && exact.split('.')[0] === version?.split('.')[0] ? exact : version;
}

/** The names and values of os-release(5), without their quotes. */
function releaseOf(file: FileState | null): ReadonlyMap<string, string> {
  const text = file?.type === 'file' ? (file.content ?? '') : '';
  return new Map(
    [...text.matchAll(/^([A-Z_]+)=(["']?)([\w .:/+-]*)\2$/gm)].map(
      ([, name = '', , value = '']) => [name, value],
    ),
  );
}

/** By `MemTotal` of proc_meminfo(5), and a count. */
function machineOf(text: string): {
  readonly memory: number | null;
  readonly processors: number | null;
} {
  const kib = /^MemTotal:\s+(\d{1,12}) kB$/m.exec(text)?.[1];
  const count = /^\d{1,5}$/m.exec(text)?.[0];
  return {
    memory: kib === undefined ? null : Math.floor(Number(kib) / 1024),
    processors: count === undefined || count === '0' ? null : Number(count),
  };
}
