import { quoted } from '../source/quoted.ts';
import type { MapEntry, SourceNode } from '../source/source-node.ts';
import { type Place, placeName } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import { AddressBook, entryAddresses } from './address-book.ts';
import { Claims } from './claims.ts';
import { type BuiltHost, checkConnections } from './connection-checks.ts';
import { type Entry, readEntries } from './entries.ts';
import { expandEntries } from './expand-ranges.ts';
import type { Findings } from './findings.ts';
import { type AddedGroup, buildGroups, type Groups, type Member } from './groups.ts';
import { buildDom0, buildDomU, buildPlainHost, type HostContext } from './hosts.ts';
import { type MergedFiles, mergeFiles, textsOf } from './merge-files.ts';
import type { Data, Inventory } from './model.ts';
import { groupName, hostName, networkName } from './name-rules.ts';
import { buildNetworks } from './networks.ts';
import {
  becomeSchema,
  dom0Schema,
  domUSchema,
  groupSchema,
  networkSchema,
  plainHostSchema,
  type RawBecome,
  type RawGroup,
  type RawSafety,
  safetySchema,
  sshSchema,
} from './schema.ts';
import { relativeToFile, type SshLevel } from './ssh.ts';
import { readVars } from './vars.ts';

const HOST_SECTIONS = [
  ['dom0', 'dom0'],
  ['domU', 'domU'],
  ['hosts', 'host'],
] as const;

type Section = ReadonlyMap<string, MapEntry>;

/** What a run adds to a fleet. */
export interface Additions {
  /** Plain hosts, as the section `hosts` of an inventory has them. */
  readonly hosts: Section;
  /** Variables of hosts, over those of the inventory. */
  readonly vars: ReadonlyMap<string, Readonly<Record<string, Data>>>;
  /** Groups by name, those of the inventory too. */
  readonly groups: ReadonlyMap<string, AddedGroup>;
}

const nothingAdded: Additions = { hosts: new Map(), vars: new Map(), groups: new Map() };

/**
 * Builds an inventory of parsed files, the first of which is the one that was named. Everything
 * wrong is among the findings; the inventory is only good when there are none.
 */
export function buildInventory(
  roots: readonly SourceNode[],
  findings: Findings,
  additions: Additions = nothingAdded,
): Inventory {
  const merged = mergeFiles(roots, findings);
  const section = (name: Parameters<MergedFiles['sections']['get']>[0]): Section =>
    merged.sections.get(name) ?? new Map();
  const groupSection = withAdded(section('groups'), additions.groups);
  const sections = {
    dom0: expandEntries(section('dom0'), findings),
    domU: expandEntries(section('domU'), findings),
    hosts: new Map([...expandEntries(section('hosts'), findings), ...additions.hosts]),
  };
  const dom0s = readEntries(sections.dom0, dom0Schema, hostName, findings);
  const domUs = readEntries(sections.domU, domUSchema, hostName, findings);
  const plain = readEntries(sections.hosts, plainHostSchema, hostName, findings);
  const members = membersOf(sections);
  const kinds = new Map(members.map(({ name, kind }) => [name, kind]));
  checkNames(sections, groupSection, findings);
  const [root] = roots;
  if (members.length === 0 && findings.isEmpty && root !== undefined) {
    findings.add(root.place, 'the inventory names no host', 'add one under dom0, domU or hosts');
  }

  const networkEntries = readEntries(section('networks'), networkSchema, networkName, findings);
  const networks = buildNetworks(networkEntries, new Set(section('networks').keys()), findings);
  const groupEntries = readEntries(groupSection, groupSchema, groupName, findings);
  const groups = buildGroups(groupEntries, groupSection, members, findings, additions.groups);
  const addressed = [...dom0s, ...domUs, ...plain].map(
    (entry) => [entry.name, entryAddresses(entry)] as const,
  );
  const wrong = members.map(({ name }) => [name, null] as const);
  const context: HostContext = {
    networks,
    book: new AddressBook({
      networks,
      hosts: new Map<string, readonly string[] | null>([...wrong, ...addressed]),
      groups: groups.byName,
      groupNames: new Set(groupSection.keys()),
    }),
    groups,
    kinds,
    topSsh: readTopSsh(section('ssh'), root),
    topVars: readVars(asNode(section('vars'), root), findings),
    groupVars: readGroupVars(groups, findings),
    topSafety: readTopSafety(section('safety'), root),
    groupSafety: ofGroups(groupEntries, ({ safety }) => safety),
    topBecome: readTopBecome(merged.become),
    groupBecome: ofGroups(groupEntries, ({ become }) => become),
    vifClaims: {
      addresses: new Claims('address', findings),
      macs: new Claims('MAC', findings, { advice: 'write another mac', mayRepeat: true }),
      vifnames: new Claims('vifname', findings),
    },
    configs: new Claims('configuration file', findings),
    machineIds: new Claims('machine id', findings, { advice: 'one of them is a copy' }),
    findings,
    addedVars: additions.vars,
  };

  const dom0ByName = new Map(dom0s.map((entry) => [entry.name, entry]));
  const guests = new Map<string, string[]>();
  for (const { name, raw } of domUs) guests.set(raw.dom0, [...(guests.get(raw.dom0) ?? []), name]);
  const built: readonly BuiltHost[] = [
    ...dom0s.map((entry) => {
      const host = buildDom0(entry, guests.get(entry.name) ?? [], context);
      return { host, entry };
    }),
    ...domUs.map((entry) => ({ host: buildDomU(entry, dom0ByName, context), entry })),
    ...plain.map((entry) => ({ host: buildPlainHost(entry, context), entry })),
  ];
  checkConnections(built, context);
  return {
    networks: networks.byName,
    hosts: new Map(built.map(({ host }) => [host.name, host])),
    groups: groups.byName,
    playbooks: merged.playbooks.map(({ text, place }) => relativeToFile(text, place)),
    sources: roots,
  };
}

/** The groups with those that only a run has. */
function withAdded(section: Section, added: Additions['groups']): Section {
  if (added.size === 0) return section;
  const missing = [...added].filter(([name]) => !section.has(name));
  const entries = missing.map(([name, { place }]): [string, MapEntry] => {
    const empty = { kind: 'map', entries: new Map(), place } as const;
    return [name, { key: place, value: empty }];
  });
  return new Map([...section, ...entries]);
}

function membersOf(sections: Readonly<Record<'dom0' | 'domU' | 'hosts', Section>>): Member[] {
  return HOST_SECTIONS.flatMap(([section, kind]) =>
    [...sections[section]].map(([name, { value }]) => ({
      name,
      kind,
      dom0: kind === 'domU' ? (textsOf(value, 'dom0')[0]?.text ?? null) : null,
      groups: textsOf(value, 'groups'),
    })),
  );
}

/** Names that stand for two things. */
function checkNames(
  sections: Readonly<Record<'dom0' | 'domU' | 'hosts', Section>>,
  groups: Section,
  findings: Findings,
): void {
  const kinds = { dom0: 'a dom0', domU: 'a domU', hosts: 'a plain host', groups: 'a group' };
  const first = new Map<string, { readonly kind: string; readonly key: Place }>();
  for (const section of ['dom0', 'domU', 'hosts', 'groups'] as const) {
    const names = section === 'groups' ? groups : sections[section];
    for (const [name, { key }] of names) {
      const other = first.get(name);
      if (other === undefined) first.set(name, { kind: kinds[section], key });
      else {
        const message = `${quoted(name)} is ${other.kind} and ${kinds[section]}`;
        findings.add(key, message, `first at ${placeName(other.key)}`);
      }
    }
  }
}

function readTopSsh(section: Section, root: SourceNode | undefined): SshLevel | null {
  const node = asNode(section, root);
  const checked = node && validate(sshSchema, node);
  return node && checked?.ok ? { raw: checked.value, node } : null;
}

/** What is wrong with it was said when the file was read. */
function readTopSafety(section: Section, root: SourceNode | undefined): RawSafety | null {
  const node = asNode(section, root);
  const checked = node && validate(safetySchema, node);
  return checked?.ok ? checked.value : null;
}

function readTopBecome(node: SourceNode | null): RawBecome | null {
  const checked = node && validate(becomeSchema, node);
  return checked?.ok ? checked.value : null;
}

/** What groups say of something, by the names of those that do. */
function ofGroups<T>(
  entries: readonly Entry<RawGroup>[],
  read: (group: Exclude<RawGroup, readonly string[]>) => T | null | undefined,
): ReadonlyMap<string, T> {
  return new Map(
    entries.flatMap(({ name, raw }) => {
      const said = Array.isArray(raw) ? null : read(raw);
      return said === null || said === undefined ? [] : [[name, said] as const];
    }),
  );
}

function readGroupVars(
  groups: Groups,
  findings: Findings,
): ReadonlyMap<string, Readonly<Record<string, Data>>> {
  const names = [...groups.byName.keys()].filter((name) => groups.varsOf(name) !== undefined);
  return new Map(names.map((name) => [name, readVars(groups.varsOf(name), findings)]));
}

function asNode(entries: Section, root: SourceNode | undefined): SourceNode | undefined {
  return root && { kind: 'map', entries, place: root.place };
}
