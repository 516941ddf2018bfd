import type { Answers } from '../host/query.ts';
import { cutToCells } from '../report/cells.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { HostReport } from './facts-document.ts';
import type { HostFacts, Topic } from './facts-topics.ts';
import { compressNames } from './host-names.ts';
import { aligned } from './table.ts';

interface Table {
  readonly columns: readonly string[];
  /** null: there is nothing to say of the host. */
  readonly rowOf: (facts: HostFacts) => readonly string[] | null;
}

const tables: Readonly<Record<Topic, Table>> = {
  system: {
    columns: ['DISTRIBUTION', 'KERNEL', 'MACHINE', 'INIT', 'UDEV', 'IPROUTE2'],
    rowOf: ({ system }) => (system === null ? null : systemRow(system)),
  },
  network: {
    columns: ['NETWORK', 'ALSO THERE', 'IFRENAME'],
    rowOf: ({ network }) => (network === null ? null : networkRow(network)),
  },
  firewalls: {
    columns: ['IPTABLES IS', 'NFT RULES', 'LEGACY RULES', 'NFTABLES RULES', 'AT BOOT'],
    rowOf: ({ firewalls }) => (firewalls === null ? null : firewallsRow(firewalls)),
  },
  xen: {
    columns: ['XEN', 'ROLE', 'TOOLSTACK', 'RUNNING'],
    rowOf: ({ xen }) => (xen === null ? null : xenRow(xen)),
  },
};

const nothing = '-';

/**
 * The text of `xpush facts`: a table a topic, hosts with equal facts in one row, the most first.
 * `width`: of the terminal, in cells.
 */
export function factsTables(
  reports: readonly HostReport[],
  asked: readonly Topic[],
  width = Number.POSITIVE_INFINITY,
): string {
  const known = reports.flatMap(({ host, outcome }) =>
    'facts' in outcome ? [{ name: host.name, facts: outcome.facts }] : [],
  );
  return asked
    .flatMap((topic) => {
      const { columns, rowOf } = tables[topic];
      const groups = new Map<string, { cells: readonly string[]; names: string[] }>();
      for (const { name, facts } of known) {
        const cells = rowOf(facts)?.map(shownCell);
        if (cells === undefined) continue;
        const key = JSON.stringify(cells);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { cells, names: [name] });
        else group.names.push(name);
      }
      const rows = [...groups.values()]
        .toSorted((a, b) => b.names.length - a.names.length)
        .map(({ cells, names }) => [String(names.length), ...cells, shownNames(names)]);
      return rows.length === 0 ? [] : [aligned([['HOSTS', ...columns, 'WHICH'], ...rows], width)];
    })
    .join('\n');
}

/** The text of the running domains and their vifs, a row each; `width`: of the terminal, in cells. */
export function domainsTable(
  reports: readonly HostReport[],
  width = Number.POSITIVE_INFINITY,
): string {
  const rows = reports.flatMap(({ host, outcome }) => {
    const domains = ('facts' in outcome ? outcome.facts.xen?.domains : null) ?? [];
    return domains.flatMap(({ id, name, vifs }) => {
      const start = [host.name, shownCell(name), String(id)];
      if (vifs.length === 0) return [[...start, nothing, nothing, nothing, nothing]];
      return vifs.map(({ device, mac, script, ips }) => [
        ...start,
        ...[device, mac, script?.split('/').at(-1) ?? ''].map((cell) => shownCell(cell) || nothing),
        shownText(ips.join(' ')) || nothing,
      ]);
    });
  });
  return rows.length === 0
    ? ''
    : aligned([['DOM0', 'DOMAIN', 'ID', 'VIF', 'MAC', 'SCRIPT', 'ADDRESSES'], ...rows], width);
}

function systemRow({ distribution, version, ...system }: Answers['system']): string[] {
  const { iproute2, systemd, udev } = system;
  const ip = iproute2 === null ? nothing : (iproute2.version ?? nothing);
  return [
    [distribution ?? 'unknown', version ?? ''].join(' ').trim(),
    system.kernel,
    system.architecture,
    system.init === 'systemd' && systemd !== null ? `systemd ${systemd}` : system.init,
    udev === null ? nothing : String(udev),
    iproute2?.isBusybox === true ? 'busybox' : ip,
  ];
}

function networkRow({ manager, present, hasIfrename }: Answers['network']): string[] {
  const others = present.filter((name) => name !== manager);
  return [manager ?? 'unknown', others.join(' ') || nothing, hasIfrename ? 'yes' : 'no'];
}

function firewallsRow({ backends, iptables, persistence }: Answers['firewalls']): string[] {
  const count = ({ isInstalled, rules }: Answers['firewalls']['backends']['nftables']) =>
    isInstalled || rules > 0 ? String(rules) : nothing;
  return [
    iptables ?? nothing,
    count(backends['iptables-nft']),
    count(backends['iptables-legacy']),
    count(backends.nftables),
    persistence.join(' ') || nothing,
  ];
}

function xenRow({ version, isDom0, toolstack, domains }: Answers['xen']): string[] | null {
  if (version === null && toolstack === null) return null;
  return [
    version ?? 'unknown',
    isDom0 ? 'dom0' : 'domU',
    toolstack ?? nothing,
    domains === null ? nothing : countOf(domains.length),
  ];
}

function countOf(domains: number): string {
  return domains === 1 ? '1 domain' : `${domains} domains`;
}

/** On one line, with nothing that a terminal obeys. */
function shownText(text: string): string {
  return escapeControls(text).replace(/\s/g, ' ');
}

/** The same, not so long that it makes a column of thousands of rows wide. */
function shownCell(text: string): string {
  return cutToCells(shownText(text), mostCells, '...');
}

/** So many cells of a text or of names are read; all of them are in the JSON. */
const mostCells = 60;

function shownNames(names: readonly string[]): string {
  const ranges = compressNames(names);
  const all = ranges.join(', ');
  if (all.length <= mostCells) return all;
  const shown: string[] = [];
  for (const range of ranges) {
    if ([...shown, range].join(', ').length > mostCells) break;
    shown.push(range);
  }
  return [...shown, '...'].join(', ');
}
