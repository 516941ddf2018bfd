import { quoted } from '../source/quoted.ts';
import { nodeAt, placeOf, type SourceNode } from '../source/source-node.ts';
import { familyOf, normalIp } from './address.ts';
import type { AddressBook } from './address-book.ts';
import { vifAddress } from './address-rules.ts';
import type { Findings } from './findings.ts';
import { textsOf, type WrittenText } from './merge-files.ts';
import type { Allow, Family, PortRange } from './model.ts';
import type { RawAllow } from './schema.ts';

interface Guest {
  readonly name: string;
  /** null when they are not known. */
  readonly addresses: readonly string[] | null;
}

interface Context {
  readonly book: AddressBook;
  /** The guest whose list it is; null for dom0's own rules. */
  readonly guest: Guest | null;
  readonly findings: Findings;
}

/** Builds the entries of an allow list from their checked values. */
export function buildAllowList(
  raw: readonly RawAllow[],
  list: SourceNode | undefined,
  context: Context,
): Allow[] {
  return raw.flatMap((entry, index) => {
    const node = list?.kind === 'list' ? list.items[index] : undefined;
    return node === undefined ? [] : [buildAllow(entry, node, context)];
  });
}

function buildAllow(raw: RawAllow, node: SourceNode, context: Context): Allow {
  const { findings, guest } = context;
  const direction = raw.direction ?? 'in';
  const ports = toRanges(raw.ports);
  const fromPorts = toRanges(raw.from_ports);
  if (raw.proto === 'icmp') {
    if (ports.length > 0) findings.add(placeOf(node, ['ports'], 'key'), 'icmp has no ports');
    if (fromPorts.length > 0)
      findings.add(placeOf(node, ['from_ports'], 'key'), 'icmp has no ports');
  }
  const from = endOf(node, 'from', (written) => context.book.cidrsOf(written, findings));
  const to = endOf(node, 'to', (written) =>
    direction === 'in' && guest !== null
      ? guestAddress(written, guest.addresses, findings)
      : context.book.cidrsOf(written, findings),
  );
  checkEmpty(node, direction, context);
  if (from !== null && to !== null) checkFamilies(from, to, node, context);
  return {
    proto: raw.proto,
    ports,
    from: from ?? [],
    fromPorts,
    direction,
    to: to ?? [],
    comment: raw.comment ?? null,
  };
}

/** What `from` or `to` stands for; null when some of it is wrong. */
function endOf(
  node: SourceNode,
  key: 'from' | 'to',
  resolve: (written: WrittenText) => readonly string[] | null,
): readonly string[] | null {
  const resolved = textsOf(node, key).map(resolve);
  const isWhole = resolved.every((each) => each !== null);
  return isWhole ? [...new Set(resolved.flat())] : null;
}

/** An address that `to` of a guest's incoming entry names: one of its own, as far as they are known. */
function guestAddress(
  { text, place }: WrittenText,
  addresses: readonly string[] | null,
  findings: Findings,
): readonly string[] | null {
  const complaint = vifAddress(text);
  const address = normalIp(text);
  if (complaint !== null) findings.add(place, complaint.message, complaint.hint);
  else if (addresses !== null && !addresses.includes(address)) {
    const hint = `it has ${addresses.join(', ') || 'none'}`;
    findings.add(place, `${quoted(text)} is no address of this domU`, hint);
  } else return [address];
  return null;
}

function checkEmpty(
  node: SourceNode,
  direction: Allow['direction'],
  { guest, findings }: Context,
): void {
  const isEmpty = (key: string): boolean => {
    const list = nodeAt(node, [key]);
    return list?.kind === 'list' && list.items.length === 0;
  };
  const isForAll = guest === null && textsOf(node, 'to').length === 0;
  if (isForAll) {
    const hint = direction === 'in' ? 'name the guest: to: 192.168.0.200' : 'name the destination';
    findings.add(node.place, 'a rule for all guests must say "to"', hint);
  }
  for (const key of ['from', 'to']) {
    if (!isEmpty(key) || (key === 'to' && isForAll)) continue;
    const hint = `leave ${key} out where any address is meant`;
    findings.add(placeOf(node, [key], 'key'), `${key} is empty`, hint);
  }
}

/** Finds entries that can let nothing pass, since no packet has addresses of two families. */
function checkFamilies(
  from: readonly string[],
  to: readonly string[],
  node: SourceNode,
  { guest, findings }: Context,
): void {
  const ends = [
    { what: 'from', list: from },
    { what: 'to', list: to },
    { what: guest?.name ?? '', list: guest?.addresses ?? [] },
  ].filter(({ list }) => list.length > 0);
  const only = (family: Family) =>
    ends.find(({ list }) => list.every((each) => familyOf(each) === family))?.what;
  const [ipv4, ipv6] = [only(4), only(6)];
  if (ipv4 === undefined || ipv6 === undefined) return;
  const message = `this lets nothing pass: ${ipv4} has only IPv4 addresses, and ${ipv6} only IPv6`;
  findings.add(node.place, message);
}

function toRanges(ports: RawAllow['ports']): PortRange[] {
  if (ports === undefined) return [];
  return (Array.isArray(ports) ? ports : [ports]).map((port) => {
    const [first = '', last = first] = String(port).split(/[-:]/);
    return { first: Number(first), last: Number(last) };
  });
}
