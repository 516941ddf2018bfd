import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { nodeAt, placeOf } from '../source/source-node.ts';
import { type Place, placeName } from '../source/source-text.ts';
import { Claims } from './claims.ts';
import type { Entry } from './entries.ts';
import { type HostContext, ownSsh } from './hosts.ts';
import type { Host } from './model.ts';
import { isNumeric } from './name-rules.ts';
import type { RawPlainHost } from './schema.ts';
import { jumpPlace } from './ssh.ts';

const DEFAULT_PORT = 22;

/** A host and the entry that it was built from. */
export interface BuiltHost {
  readonly host: Host;
  readonly entry: Entry<RawPlainHost>;
}

/**
 * Finds addresses that two machines have, two hosts that are both this machine, unknown jump hosts and
 * circles of them. Two hosts may share an address behind different ports or jump hosts.
 */
export function checkConnections(built: readonly BuiltHost[], context: HostContext): void {
  const endpoints = new Claims('address', context.findings, { mayRepeat: true });
  const hosts = new Map(built.map(({ host }) => [host.name, host]));
  checkLocal(built, context);
  const inNoCircle = new Set<string>();
  for (const { host, entry } of built) {
    if (entry.isWhole) checkAddress(host, addressPlace(host, entry), endpoints, context);
    const place = jumpPlace(ownSsh(entry), context.topSsh, entry.key);
    checkJump(host, place, context);
    const circle = circleFrom(host, hosts, inNoCircle);
    if (circle !== null) {
      context.findings.add(place, `the jump hosts go in a circle: ${circle.join(' -> ')}`);
    }
  }
}

/** Two runs on one machine at once would be in each other's way. */
function checkLocal(built: readonly BuiltHost[], { topSsh, findings }: HostContext): void {
  if (topSsh?.raw.transport === 'local') {
    const place = placeOf(topSsh.node, ['transport'], 'value');
    findings.add(place, 'not all hosts are this machine', 'write it in the ssh of the one that is');
    return;
  }
  const [first, ...others] = built.filter(({ host }) => host.ssh.transport === 'local');
  for (const { host, entry } of others) {
    const message = `${host.name} is this machine (transport: local), and so is ${first?.host.name}`;
    findings.add(entry.key, message, 'one host of an inventory is at most');
  }
}

function checkAddress(
  { name, kind, address, ssh }: Host,
  place: Place,
  endpoints: Claims,
  { vifClaims, findings }: HostContext,
): void {
  const guest = vifClaims.addresses.ownerOf(address);
  if (guest !== undefined && kind !== 'domU') {
    const message = `the address ${address} of ${name} is that of ${guest.owner} too`;
    findings.add(place, message, `the other is at ${placeName(guest.place)}`);
    return;
  }
  const way = `${ssh.port ?? DEFAULT_PORT}\n${ssh.jump ?? ''}`;
  endpoints.claim(address.toLowerCase(), name, place, way);
}

/** Where the address was written: for a guest without one, its first vif's. */
function addressPlace(host: Host, { node, key }: Entry<RawPlainHost>): Place {
  const paths = [['address'], ['vifs', 0, 'ip'], ['vifs', 0, 'ips', 0]];
  const written = paths.find((path) => nodeAt(node, path) !== undefined);
  return written === undefined || host.address === host.name
    ? key
    : placeOf(node, written, 'value');
}

function checkJump({ ssh }: Host, place: Place, { kinds, findings }: HostContext): void {
  const { jump } = ssh;
  const isAddress = /[.:]/.test(jump ?? '') || isNumeric(jump ?? '');
  if (jump === null || jump === 'dom0' || kinds.has(jump) || isAddress) return;
  const hint =
    didYouMean(jump, kinds.keys()) ?? 'name a host of the inventory, or write an address';
  findings.add(place, `unknown jump host ${quoted(jump)}`, hint);
}

function circleFrom(
  start: Host,
  hosts: ReadonlyMap<string, Host>,
  inNoCircle: Set<string>,
): readonly string[] | null {
  const way: string[] = [];
  for (let at: Host | undefined = start; at !== undefined && !inNoCircle.has(at.name); ) {
    inNoCircle.add(at.name);
    way.push(at.name);
    const next = jumpHost(at);
    if (next !== null && way.includes(next)) return [...way.slice(way.indexOf(next)), next];
    at = next === null ? undefined : hosts.get(next);
  }
  return null;
}

/** The host of the inventory, or the address, that a host is reached through; null for none. */
function jumpHost(host: Host): string | null {
  return host.kind === 'domU' && host.ssh.jump === 'dom0' ? host.dom0 : host.ssh.jump;
}
