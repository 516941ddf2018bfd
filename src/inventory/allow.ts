import { quoted } from '../source/quoted.ts';
import { placeOf, type SourceNode } from '../source/source-node.ts';
import type { Findings } from './findings.ts';
import { textsOf, type WrittenText } from './merge-files.ts';
import type { Allow, PortRange } from './model.ts';
import { ipv4Address } from './name-rules.ts';
import type { Networks } from './networks.ts';
import type { RawAllow } from './schema.ts';

interface Context {
  readonly networks: Networks;
  /** The guest whose list it is, its addresses if they are known; null for dom0's own rules. */
  readonly guest: { readonly addresses: readonly string[] | null } | null;
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
  const { findings, networks } = context;
  const direction = raw.direction ?? 'in';
  const ports = toRanges(raw.ports);
  const fromPorts = toRanges(raw.from_ports);
  if (raw.proto === 'icmp') {
    if (ports.length > 0) findings.add(placeOf(node, ['ports'], 'key'), 'icmp has no ports');
    if (fromPorts.length > 0)
      findings.add(placeOf(node, ['from_ports'], 'key'), 'icmp has no ports');
  }
  const from = textsOf(node, 'from').flatMap(
    ({ text, place }) => networks.cidrOf(text, place, findings) ?? [],
  );
  const to = textsOf(node, 'to').flatMap((written) =>
    direction === 'in' && context.guest !== null
      ? guestAddress(written, context.guest.addresses, findings)
      : (networks.cidrOf(written.text, written.place, findings) ?? []),
  );
  if (context.guest === null && !textsOf(node, 'to').length) {
    const hint = direction === 'in' ? 'name the guest: to: 192.168.0.200' : 'name the destination';
    findings.add(node.place, 'a rule for all guests must say "to"', hint);
  }
  return { proto: raw.proto, ports, from, fromPorts, direction, to, comment: raw.comment ?? null };
}

/** An address that `to` of a guest's incoming entry names: one of its own, as far as they are known. */
function guestAddress(
  { text, place }: WrittenText,
  addresses: readonly string[] | null,
  findings: Findings,
): string[] {
  const complaint = ipv4Address(text);
  if (complaint !== null) findings.add(place, complaint.message, complaint.hint);
  else if (addresses !== null && !addresses.includes(text)) {
    const hint = `it has ${addresses.join(', ') || 'none'}`;
    findings.add(place, `${quoted(text)} is no address of this domU`, hint);
  }
  return complaint === null ? [text] : [];
}

function toRanges(ports: RawAllow['ports']): PortRange[] {
  if (ports === undefined) return [];
  return (Array.isArray(ports) ? ports : [ports]).map((port) => {
    const [first = '', last = first] = String(port).split(/[-:]/);
    return { first: Number(first), last: Number(last) };
  });
}
