import type { Diagnosis, HostDiagnosis } from '../doctor/diagnose.ts';
import type { Finding, Level } from '../doctor/model.ts';
import type { HostStatus } from '../engine/events.ts';
import type { Host } from '../inventory/model.ts';
import { cutToCells } from '../report/cells.ts';
import { compressNames } from './host-names.ts';
import { oneLine } from './one-line.ts';
import { aligned, wrapped } from './table.ts';

/** How a host ended, in the words of every command. */
export function statusOf({ visit, findings }: HostDiagnosis): HostStatus {
  if (visit.failure !== null) return 'unreachable';
  return findings.some(({ level }) => level === 'broken') ? 'failed' : 'ok';
}

/** A finding that is the same on some hosts. */
export interface FindingGroup {
  readonly finding: Finding;
  readonly hosts: readonly { readonly name: string; readonly detail: string | null }[];
}

const levels: readonly Level[] = ['broken', 'weak', 'note'];

/** Findings that are alike but for their hosts, without those that are as they should be: the worst first, and the most hosts. */
export function groupFindings({ hosts, fleet }: Diagnosis): readonly FindingGroup[] {
  const groups = new Map<string, { finding: Finding; hosts: FindingGroup['hosts'][number][] }>();
  const add = (finding: Finding, name: string): void => {
    const key = JSON.stringify([finding.topic, finding.level, finding.text, finding.hint]);
    const group = groups.get(key) ?? { finding, hosts: [] };
    group.hosts.push({ name, detail: finding.detail });
    groups.set(key, group);
  };
  for (const { visit, findings } of hosts) {
    for (const finding of findings) add(finding, visit.host.name);
  }
  for (const { finding, hosts: names } of fleet) for (const name of names) add(finding, name);
  const place = ({ finding }: FindingGroup): number => levels.indexOf(finding.level);
  return [...groups.values()]
    .filter((group) => place(group) >= 0)
    .toSorted((a, b) => place(a) - place(b) || b.hosts.length - a.hosts.length);
}

/** Of so many groups each is shown; all of them are in the JSON. */
const mostGroups = 40;

/**
 * What `xpush doctor` prints for people; `isFull`: each host's own page before what they share.
 * `columns`: of the terminal.
 */
export function doctorText(
  diagnosis: Diagnosis,
  skipped: readonly Host[],
  isFull: boolean,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { hosts } = diagnosis;
  const groups = groupFindings(diagnosis);
  const more = groups.length - mostGroups;
  const hasPages = isFull || hosts.length === 1;
  return [
    hasPages
      ? hosts.map((host) => hostText(host, columns)).join('\n')
      : connectionsTable(hosts, columns),
    ...groups.slice(0, mostGroups).map((group) =>
      groupLines(group, hasPages ? hosts.length : null)
        .map((line) => `${wrapped(line, 4, columns)}\n`)
        .join(''),
    ),
    ...(more > 0 ? [`... and ${more} more kinds of findings; -o json has all\n`] : []),
    ...(skipped.length > 0
      ? [`not looked at: ${shownNames(skipped.map(({ name }) => name))}\n`]
      : []),
    `${summary(hosts, groups)}\n`,
  ]
    .filter((text) => text !== '')
    .join('\n');
}

const columns = ['route', 'host key', 'server', 'algorithms', 'login'] as const;

/** How hosts were reached: those that were in one way share a row, the most first. */
function connectionsTable(hosts: readonly HostDiagnosis[], width: number): string {
  const rows = new Map<string, { cells: readonly string[]; names: string[] }>();
  for (const { visit, findings } of hosts) {
    if (visit.failure !== null) continue;
    const cells = columns.map((topic) => {
      const found = findings.find((one) => one.topic === topic && isPlain(one));
      return found === undefined ? '-' : cutToCells(oneLine(found.text), mostCells, '...');
    });
    const key = JSON.stringify(cells);
    const row = rows.get(key) ?? { cells, names: [] };
    row.names.push(visit.host.name);
    rows.set(key, row);
  }
  if (rows.size === 0) return '';
  const lines = [...rows.values()]
    .toSorted((a, b) => b.names.length - a.names.length)
    .map(({ cells, names }) => [String(names.length), ...cells, shownNames(names)]);
  const head = ['HOSTS', 'WAY', 'HOST KEY', 'SERVER', 'ALGORITHMS', 'LOGIN', 'WHICH'];
  return aligned([head, ...lines], width);
}

/** What a topic comes to, before what is to be said about it. */
function isPlain({ topic, level }: Finding): boolean {
  return level === 'ok' || topic === 'host key';
}

/** All that was found on one host. */
function hostText({ visit, findings }: HostDiagnosis, width: number): string {
  // how far one came is in the other rows
  const isToldAbove = ({ level }: Finding): boolean => visit.failure !== null && level === 'broken';
  const rows = findings.map((finding) => {
    const { topic, level, text, detail } = finding;
    const words = detail === null || isToldAbove(finding) ? text : `${text}: ${detail}`;
    return ['', level === 'ok' ? '' : level, topic, oneLine(words)];
  });
  const indent = rows
    .map(([, level = '', topic = '']) => [level.length, topic.length] as const)
    .reduce((most, one) => [Math.max(most[0], one[0]), Math.max(most[1], one[1])], [0, 0])
    .reduce((sum, cells) => sum + cells + 2, 2);
  const lines = aligned(rows).trimEnd().split('\n');
  return `${[visit.host.name, ...lines.map((line) => wrapped(line, indent, width))].join('\n')}\n`;
}

/** More hosts than that are told without what is their own. */
const mostDetails = 6;

/** `pages`: how many hosts have been told of in full before; null: none. */
function groupLines({ finding, hosts }: FindingGroup, pages: number | null): readonly string[] {
  const { topic, level, text, hint } = finding;
  const hasDetails = hosts.length <= mostDetails && hosts.some(({ detail }) => detail !== null);
  const names = shownNames(hosts.map(({ name }) => name));
  const of =
    hasDetails && pages === null
      ? hosts.map(detailLine)
      : [`  ${counted(hosts.length, 'host', 'hosts')}: ${names}`];
  return [
    `${level}, ${topic}: ${oneLine(text)}`,
    ...(pages === 1 ? [] : of),
    ...(hint === null ? [] : [`  hint: ${oneLine(hint)}`]),
  ];
}

function detailLine({ name, detail }: FindingGroup['hosts'][number]): string {
  return detail === null
    ? `  ${name}`
    : `  ${name}: ${cutToCells(oneLine(detail), mostDetail, '...')}`;
}

/** The diagnosis in a line. */
function summary(hosts: readonly HostDiagnosis[], groups: readonly FindingGroup[]): string {
  if (hosts.length === 0) return 'Nothing to examine: no host is chosen';
  const named = (level: Level): number => {
    const names = groups.flatMap((group) => (group.finding.level === level ? group.hosts : []));
    return new Set(names.map(({ name }) => name)).size;
  };
  const unreachable = hosts.filter(({ visit }) => visit.failure !== null).length;
  const isBroken = (one: HostDiagnosis): boolean => statusOf(one) === 'failed';
  const broken = hosts.filter(isBroken).length;
  const weak = named('weak');
  const all = counted(hosts.length, 'host', 'hosts');
  const parts = [
    ...(unreachable > 0 ? [`${unreachable} not reached`] : []),
    ...(broken > 0 ? [`${broken} where a push would not work`] : []),
    ...(weak > 0 ? [`${weak} with something to mend`] : []),
  ];
  return parts.length === 0 ? `${all}: all well` : `${all}: ${parts.join(', ')}`;
}

const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;

/** So many cells of a text are read; all of it is in the JSON. */
const mostCells = 60;
const mostDetail = 400;

const mostNames = 8;

function shownNames(names: readonly string[]): string {
  const ranges = compressNames(names);
  const shown = ranges.slice(0, mostNames);
  return `${shown.join(', ')}${ranges.length > shown.length ? ', ...' : ''}`;
}
