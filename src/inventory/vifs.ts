import { quoted } from '../source/quoted.ts';
import { nodeAt, placeOf } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { Claims } from './claims.ts';
import { derivedMac } from './derived-mac.ts';
import type { Entry } from './entries.ts';
import type { Findings } from './findings.ts';
import type { Vif } from './model.ts';
import type { Networks } from './networks.ts';
import type { RawDom0, RawDomU, RawVif } from './schema.ts';
import { vifAddresses } from './vif-addresses.ts';
import { vifLimit } from './vif-limit.ts';

const FIRST_TABLE = 16;
const DEFAULT_SCRIPT = 'vif-route';
// What the script itself takes for the uplink when nothing names it.
const DEFAULT_UPLINK = 'eth0';

/** What only one vif of the fleet, or of its dom0, may have. */
export interface VifClaims {
  readonly addresses: Claims;
  readonly macs: Claims;
  readonly vifnames: Claims;
}

interface Context {
  /** null when the domU's dom0 is unknown. */
  readonly dom0: RawDom0 | null;
  readonly networks: Networks;
  readonly claims: VifClaims;
  readonly findings: Findings;
}

interface Subject {
  readonly domU: string;
  readonly dom0Name: string;
  readonly index: number;
  readonly place: Place;
  /** Place of a part of the vif. */
  readonly at: (...path: (string | number)[]) => Place;
}

/** Builds the vifs of a domU with everything that is derived. */
export function buildVifs(entry: Entry<RawDomU>, context: Context): Vif[] {
  const { name, raw, node } = entry;
  const { findings } = context;
  const raws = raw.vifs ?? [];
  checkLimit(entry, context);
  const own = {
    ifaces: new Claims('interface', findings),
    tableIds: new Claims('table id', findings),
    tableNames: new Claims('table name', findings),
  };
  return raws.flatMap((rawVif, index) => {
    const path = ['vifs', index];
    const subject = {
      domU: name,
      dom0Name: raw.dom0,
      index,
      place: (nodeAt(node, path) ?? node).place,
      at: (...rest: (string | number)[]) => placeOf(node, [...path, ...rest], 'value'),
    };
    const vif = buildVif(rawVif, subject, context);
    if (vif === null) return [];
    if (!entry.isWhole) return [vif];
    own.ifaces.claim(vif.iface, `vif ${index}`, subject.at('iface'));
    own.tableIds.claim(String(vif.table.id), vif.iface, subject.at('table', 'id'));
    own.tableNames.claim(vif.table.name, vif.iface, subject.at('table', 'name'));
    return [vif];
  });
}

function buildVif(raw: RawVif, subject: Subject, context: Context): Vif | null {
  const { findings, claims } = context;
  const { domU, index, at, place } = subject;
  const iface = raw.iface ?? `eth${index}`;
  claimMac(raw, iface, subject, context);
  const addresses = vifAddresses(raw, { owner: domU, index, place, at }, context);
  if (raw.vifname !== undefined) {
    claims.vifnames.claim(raw.vifname, `${domU}/${iface}`, at('vifname'), subject.dom0Name);
  }
  if (raw.bridge !== undefined && raw.script === undefined) {
    const hint = 'say which script uses it: script: vif-bridge';
    findings.add(at('bridge'), `bridge has no effect with the script ${DEFAULT_SCRIPT}`, hint);
  }
  if (addresses.ipv4 === null && addresses.ipv6 === null) return null;
  const script = raw.script ?? DEFAULT_SCRIPT;
  return {
    iface,
    mac: (raw.mac ?? derivedMac(domU, iface)).toLowerCase(),
    ...addresses,
    table: {
      id: raw.table?.id ?? FIRST_TABLE + index,
      name: raw.table?.name ?? `${iface}-${addresses.ipv4?.ips[0].split('.').at(-1) ?? 'v6'}`,
    },
    script,
    bridge: raw.bridge ?? null,
    vifname: raw.vifname ?? null,
    gatewaydev: raw.gatewaydev ?? defaultGatewaydev(script, context.dom0),
    rate: raw.rate ?? null,
    model: raw.model ?? null,
    position: place.source.positionAt(place.start),
  };
}

function claimMac(
  raw: RawVif,
  iface: string,
  { domU, at, place }: Subject,
  context: Context,
): void {
  const mac = (raw.mac ?? derivedMac(domU, iface)).toLowerCase();
  context.claims.macs.claim(mac, `${domU}/${iface}`, raw.mac === undefined ? place : at('mac'));
}

function defaultGatewaydev(script: string, dom0: RawDom0 | null): string | null {
  const uplink = dom0?.uplink ?? DEFAULT_UPLINK;
  return script.endsWith(DEFAULT_SCRIPT) && uplink !== DEFAULT_UPLINK ? uplink : null;
}

function checkLimit(entry: Entry<RawDomU>, { dom0, findings }: Context): void {
  const { name, raw, node } = entry;
  const vifs = raw.vifs ?? [];
  const limit = vifLimit(dom0?.xen?.version ?? null, vifs);
  if (vifs.length <= limit.most) return;
  const ips = vifs.flatMap((vif) => vif.ips ?? vif.ip ?? []).slice(0, 4);
  const message = `${name} has ${vifs.length} vifs, and ${limit.because}`;
  // In YAML, `2001:db8::` would be a key.
  const written = ips.map((ip) => (ip.includes(':') ? quoted(ip) : ip)).join(', ');
  const hint = `put several addresses on one vif: ips: [${written}]`;
  findings.add(placeOf(node, ['vifs', limit.most], 'value'), message, hint);
}
