import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { nodeAt, placeOf } from '../source/source-node.ts';
import { normalIp } from './address.ts';
import type { AddressBook } from './address-book.ts';
import { buildAllowList } from './allow.ts';
import { buildBecome } from './become.ts';
import type { Claims } from './claims.ts';
import type { Entry } from './entries.ts';
import type { Findings } from './findings.ts';
import type { Groups } from './groups.ts';
import { textsOf } from './merge-files.ts';
import type { Data, Dom0, DomU, Host, PlainHost } from './model.ts';
import type { Networks } from './networks.ts';
import { buildExpectation, buildSafety } from './safety.ts';
import type { RawBecome, RawDom0, RawDomU, RawPlainHost, RawSafety } from './schema.ts';
import { buildSsh, type SshLevel } from './ssh.ts';
import { layered, readVars } from './vars.ts';
import { buildVifs, type VifClaims } from './vifs.ts';

/** What the hosts are built with. */
export interface HostContext {
  readonly networks: Networks;
  readonly book: AddressBook;
  readonly groups: Groups;
  /** Kind of every host by name, those included that are wrong in themselves. */
  readonly kinds: ReadonlyMap<string, Host['kind']>;
  readonly topSsh: SshLevel | null;
  readonly topVars: Readonly<Record<string, Data>>;
  readonly groupVars: ReadonlyMap<string, Readonly<Record<string, Data>>>;
  readonly topSafety: RawSafety | null;
  readonly groupSafety: ReadonlyMap<string, RawSafety>;
  readonly topBecome: RawBecome | null;
  readonly groupBecome: ReadonlyMap<string, RawBecome>;
  readonly vifClaims: VifClaims;
  readonly machineIds: Claims;
  readonly configs: Claims;
  readonly findings: Findings;
  /** Variables of hosts that a run adds: no text of theirs is a template. */
  readonly addedVars: ReadonlyMap<string, Readonly<Record<string, Data>>>;
}

/** Builds a dom0; `domUs` are the names of its guests in the order of the inventory. */
export function buildDom0(
  entry: Entry<RawDom0>,
  domUs: readonly string[],
  context: HostContext,
): Dom0 {
  const { raw, node } = entry;
  const { book, findings } = context;
  const rules = nodeAt(node, ['firewall', 'rules']);
  const firewall = nodeAt(node, ['firewall']) ?? node;
  const admin = textsOf(firewall, 'admin').flatMap(
    (written) => book.cidrsOf(written, findings) ?? [],
  );
  return {
    kind: 'dom0',
    ...anyHost(entry, 'dom0', entry.name, context),
    uplink: raw.uplink ?? 'eth0',
    xen: xenOf(entry, findings),
    firewall: {
      backend: raw.firewall?.backend ?? 'auto',
      policy: raw.firewall?.policy ?? 'leave',
      admin: raw.firewall?.admin === undefined ? null : admin,
      rules: buildAllowList(raw.firewall?.rules ?? [], rules, {
        book,
        guest: null,
        findings,
      }),
      log: raw.firewall?.log || null,
    },
    antispoof: raw.antispoof ?? false,
    domUs,
  };
}

/** Builds a domU with its vifs; checks its dom0 and claims what only one guest may have. */
export function buildDomU(
  entry: Entry<RawDomU>,
  dom0s: ReadonlyMap<string, Entry<RawDom0>>,
  context: HostContext,
): DomU {
  const { name, raw, node, key } = entry;
  const { networks, book, findings } = context;
  checkDom0(entry, context);
  const dom0 = dom0s.get(raw.dom0)?.raw ?? null;
  const vifs = buildVifs(entry, { dom0, networks, claims: context.vifClaims, findings });
  const config = raw.config ?? `/etc/xen/${name}.cfg`;
  const configPlace = raw.config === undefined ? key : placeOf(node, ['config'], 'value');
  if (entry.isWhole) context.configs.claim(config, name, configPlace, raw.dom0);
  if (raw.allow !== undefined && (raw.vifs ?? []).length === 0) {
    const message = `allow closes the addresses of vifs, and ${name} has no vifs`;
    findings.add(placeOf(node, ['allow'], 'key'), message, 'write its vifs, or leave allow out');
  }
  const allow = buildAllowList(raw.allow ?? [], nodeAt(node, ['allow']), {
    book,
    guest: { name, addresses: entry.isWhole ? vifs.flatMap(({ ips }) => ips) : null },
    findings,
  });
  return {
    kind: 'domU',
    ...anyHost(entry, 'domU', vifs[0]?.ips[0] ?? name, context),
    dom0: raw.dom0,
    config,
    vifs,
    allow: raw.allow === undefined ? null : allow,
    names: raw.names ?? null,
    networkConfig: raw.network_config ?? null,
  };
}

/** Builds a machine that is no part of a Xen pair. */
export function buildPlainHost(entry: Entry<RawPlainHost>, context: HostContext): PlainHost {
  return { kind: 'host', ...anyHost(entry, 'host', entry.name, context) };
}

/** The `ssh` that a host's own entry has. */
export function ownSsh({ raw, node }: Entry<RawPlainHost>): SshLevel | null {
  const sshNode = nodeAt(node, ['ssh']);
  return raw.ssh && sshNode ? { raw: raw.ssh, node: sshNode } : null;
}

function anyHost(
  entry: Entry<RawPlainHost>,
  kind: Host['kind'],
  defaultAddress: string,
  context: HostContext,
): Omit<PlainHost, 'kind'> {
  const { name, raw, node, key } = entry;
  const groups = context.groups.ofHost(name);
  const ofGroups = groups.map((group) => ({
    of: `group ${group}`,
    vars: context.groupVars.get(group) ?? {},
  }));
  const own = readVars(nodeAt(node, ['vars']), context.findings);
  const added = context.addedVars.get(name);
  const safetyOfGroups = groups.map((group) => context.groupSafety.get(group));
  const becomeOfGroups = groups.map((group) => context.groupBecome.get(group));
  const expect = buildExpectation(raw.expect);
  if (expect.machineId !== null) {
    const place = placeOf(node, ['expect', 'machine_id'], 'value');
    context.machineIds.claim(expect.machineId, name, place);
  }
  return {
    name,
    address: raw.address === undefined ? defaultAddress : normalIp(raw.address),
    ssh: buildSsh({ name, kind }, ownSsh(entry), context.topSsh, context.findings),
    become: buildBecome([context.topBecome, ...becomeOfGroups, raw.become]),
    vars: layered([
      { of: 'all hosts', vars: context.topVars },
      ...ofGroups,
      { of: `host ${name}`, vars: own },
      ...(added === undefined ? [] : [{ of: `host ${name}`, vars: added }]),
    ]),
    groups,
    safety: buildSafety([context.topSafety, ...safetyOfGroups, raw.safety]),
    expect,
    position: key.source.positionAt(key.start),
  };
}

function checkDom0({ raw, node }: Entry<RawDomU>, { kinds, findings }: HostContext): void {
  const kind = kinds.get(raw.dom0);
  if (kind === 'dom0') return;
  const dom0s = [...kinds].filter(([, other]) => other === 'dom0').map(([name]) => name);
  const isOther =
    kind === undefined ? null : `${quoted(raw.dom0)} is a ${kind === 'host' ? 'plain host' : kind}`;
  const hint = isOther ?? didYouMean(raw.dom0, dom0s) ?? `add it: dom0: { ${raw.dom0}: {} }`;
  findings.add(placeOf(node, ['dom0'], 'value'), `unknown dom0 ${quoted(raw.dom0)}`, hint);
}

function xenOf({ raw, node }: Entry<RawDom0>, findings: Findings): Dom0['xen'] {
  const version = raw.xen?.version ?? null;
  const written = raw.xen?.toolstack;
  if (version === null) return { version, toolstack: written ?? 'xl' };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const number = major * 100 + minor;
  // xl came with Xen 4.1; xm went with 4.5.
  const wrong = written === 'xl' ? number < 401 : written === 'xm' && number >= 405;
  if (wrong)
    findings.add(placeOf(node, ['xen', 'toolstack'], 'value'), `Xen ${version} has no ${written}`);
  return { version, toolstack: written ?? (number < 401 ? 'xm' : 'xl') };
}
