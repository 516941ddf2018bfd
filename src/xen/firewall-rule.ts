import type { Family, PortRange } from '../inventory/model.ts';
import type { FirewallRule, Verdict } from './firewall-types.ts';
import { formatPorts, portPieces } from './ports.ts';

/**
 * A rule in the words and the order of iptables-save (1.8, nft and legacy), without `-A CHAIN `.
 * Several, where the ports don't fit one multiport match.
 */
export function iptablesRules(rule: FirewallRule, family: Family): readonly string[] {
  return portPieces(rule.sports).flatMap((sources) =>
    portPieces(rule.dports).map((destinations) =>
      [
        ...named('-s', rule.source),
        ...named('-d', rule.destination),
        ...named('-i', rule.iif),
        ...named('-o', rule.oif),
        ...named('-p', rule.proto === 'icmp' && family === 6 ? 'ipv6-icmp' : rule.proto),
        ...portWords(rule.proto, sources, destinations),
        ...multiportWords('--sports', sources),
        ...multiportWords('--dports', destinations),
        ...icmpWords(rule.icmp, family),
        ...stateWords(rule.state),
        ...(rule.isAstray ? ['-m rpfilter --invert'] : []),
        ...(rule.limit === null ? [] : [limitWords(rule.limit)]),
        ...commentWords(rule.comment),
        ...verdictWords(rule.verdict),
      ].join(' '),
    ),
  );
}

const named = (flag: string, value: string | null): readonly string[] =>
  value === null ? [] : [flag, value];

function icmpWords(icmp: FirewallRule['icmp'], family: Family): readonly string[] {
  if (icmp === null) return [];
  const type = icmp.code === null ? `${icmp.type}` : `${icmp.type}/${icmp.code}`;
  return [family === 6 ? `-m icmp6 --icmpv6-type ${type}` : `-m icmp --icmp-type ${type}`];
}

function stateWords(state: FirewallRule['state']): readonly string[] {
  switch (state) {
    case null:
      return [];
    case 'new':
      return ['-m conntrack --ctstate NEW'];
    case 'established':
      return ['-m conntrack --ctstate RELATED,ESTABLISHED'];
  }
}

function verdictWords(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case 'accept':
    case 'return':
    case 'drop':
      return ['-j', verdict.kind.toUpperCase()];
    case 'log':
      return ['-j LOG --log-prefix', quoted(verdict.prefix)];
    case 'jump':
      return ['-j', verdict.chain];
  }
}

/** Single ports and ranges go into the protocol's own match, lists into multiport. */
function portWords(
  proto: FirewallRule['proto'],
  sources: readonly PortRange[],
  destinations: readonly PortRange[],
): readonly string[] {
  const words = [
    ...(sources.length === 1 ? sources.map((range) => `--sport ${formatPorts(range)}`) : []),
    ...(destinations.length === 1
      ? destinations.map((range) => `--dport ${formatPorts(range)}`)
      : []),
  ];
  return words.length === 0 ? [] : [`-m ${proto}`, ...words];
}

const multiportWords = (flag: string, ranges: readonly PortRange[]): readonly string[] =>
  ranges.length > 1 ? [`-m multiport ${flag} ${ranges.map(formatPorts).join(',')}`] : [];

/** The kernel keeps 255 bytes of a comment. */
const commentLimit = 255;

function commentWords(comment: string | null): readonly string[] {
  const text = (comment ?? '').replace(/[^ -~]/g, '?').slice(0, commentLimit);
  return text.trim() === '' ? [] : [`-m comment --comment ${quoted(text)}`];
}

/** As iptables-save quotes: nothing around what holds but letters, digits, `-` and `_`. */
function quoted(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/["'\\]/g, '\\$&')}"`;
}

/** Longest first, as the kernel's tools look for the unit to print a rate in. */
const rateUnits = [
  { name: 'day', seconds: 86_400 },
  { name: 'hour', seconds: 3600 },
  { name: 'min', seconds: 60 },
  { name: 'sec', seconds: 1 },
] as const;

/** Packets that may pass at once unless it is said (iptables-extensions(8)). */
const usualBurst = 5;

/** The tools keep the time between two packets in ten-thousandths of a second (libxt_limit). */
const ticksPerSecond = 10_000;

/**
 * The match for a rate of the inventory, such as `5/minute`, in the words of iptables-save, which
 * chooses the unit anew: `60/minute` is `1/sec`. Throws for what is no rate: it was checked before.
 */
function limitWords(rate: string): string {
  const [count = '', word = ''] = rate.split('/');
  const unit = rateUnits.find(({ name }) => word.startsWith(name));
  const period = Math.floor(((unit?.seconds ?? 0) * ticksPerSecond) / Number(count));
  if (!(period > 0)) throw new RangeError(`not a rate: ${rate}`);

  const day = rateUnits[0].seconds * ticksPerSecond;
  // The kernel refuses what adds up to more than about a day.
  const burst = period * usualBurst > day ? ' --limit-burst 1' : '';
  return `-m limit --limit ${canonicalRate(period)}${burst}`;
}

/** The longest unit in which the rate is a whole number, or nearly, as the tools find it. */
function canonicalRate(period: number): string {
  const units = rateUnits.map(({ name, seconds }) => ({ name, ticks: seconds * ticksPerSecond }));
  const tooLong = units.findIndex(
    ({ ticks }, place) =>
      place > 0 && (period > ticks || Math.floor(ticks / period) < ticks % period),
  );
  const { name, ticks } = units.at(tooLong === -1 ? -1 : tooLong - 1) ?? {
    name: 'sec',
    ticks: ticksPerSecond,
  };
  return `${Math.floor(ticks / period)}/${name}`;
}
