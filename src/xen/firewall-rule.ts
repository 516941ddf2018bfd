import { formatSubnet, type Subnet } from '../inventory/ipv4.ts';
import type { Allow, PortRange } from '../inventory/model.ts';
import { formatPorts, portPieces } from './ports.ts';

/** What packets a rule is for; null stands for any. */
export interface RuleMatch {
  readonly source: Subnet | null;
  readonly destination: Subnet | null;
}

/** `-s` and `-d`, first in a rule as iptables-save prints it; any address is not named. */
export function addressWords({ source, destination }: RuleMatch): readonly string[] {
  const named = (flag: string, subnet: Subnet | null): readonly string[] =>
    subnet === null || subnet.prefix === 0 ? [] : [flag, formatSubnet(subnet)];
  return [...named('-s', source), ...named('-d', destination)];
}

/**
 * Rules for new connections of an allow entry between two ends, in the words and the order of
 * iptables-save (1.8, nft and legacy). Several, where the ports don't fit one multiport match.
 *
 * Without `--syn`: to connection tracking that begins with these rules, every open session is new.
 */
export function allowRules(entry: Allow, ends: RuleMatch, target: string): readonly string[] {
  const isIcmp = entry.proto === 'icmp';
  return portPieces(isIcmp ? [] : entry.fromPorts).flatMap((sources) =>
    portPieces(isIcmp ? [] : entry.ports).map((destinations) =>
      [
        ...addressWords(ends),
        '-p',
        entry.proto,
        ...protocolWords(entry.proto, sources, destinations),
        ...multiportWords('--sports', sources),
        ...multiportWords('--dports', destinations),
        '-m conntrack --ctstate NEW',
        ...commentWords(entry.comment),
        '-j',
        target,
      ].join(' '),
    ),
  );
}

/** Single ports and ranges go into the protocol's own match, lists into multiport. */
function protocolWords(
  proto: Allow['proto'],
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
export function limitWords(rate: string): string {
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
