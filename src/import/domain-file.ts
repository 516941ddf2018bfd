import type { FileState } from '../host/query.ts';
import { parseVifEntry, type VifEntry } from '../xen/vif-entry.ts';
import {
  type Assignment,
  type Atom,
  isRefusal,
  parseConfig,
  type Value,
} from '../xen/xl-config.ts';

/** A domain configuration file of a dom0, as far as it is understood. */
export interface DomainFile {
  readonly path: string;
  /** Of the guest. */
  readonly name: string;
  /** null: it has no list, or one that is not understood. */
  readonly vifs: readonly VifEntry[] | null;
  /** What is not understood, each with its line. */
  readonly problems: readonly string[];
}

/** Files in /etc/xen that are no guest's, or an example of one. */
const others = /^(?:xl\.conf|xend-|xend\.|xm-|oxenstored|xenstored|README|(?:xl|xm)example)/;
const leftovers = /(?:~|\.bak|\.old|\.orig|\.save|\.dpkg-\w+|\.rpm\w+|\.swp)$/;

/** Reads a file of /etc/xen or /etc/xen/auto; null when it is no guest's. */
export function readDomainFile(path: string, file: FileState): DomainFile | null {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const usual = base.replace(/\.(?:cfg|conf)$/, '');
  if (others.test(base) || leftovers.test(base) || base.startsWith('.')) return null;
  if (file.type !== 'file' || file.content === null) {
    const why = file.type === 'file' ? 'is too large to be read' : `is ${file.type}`;
    return base.endsWith('.cfg')
      ? { path, name: usual, vifs: null, problems: [`${path} ${why}`] }
      : null;
  }
  const text = file.content;
  const assignments = parseConfig(text);
  if (!isRefusal(assignments)) return fromAssignments(path, usual, assignments);
  const written = /^[ \t]*name[ \t]*=[ \t]*(["'])([^"'\n]*)\1/m.exec(text)?.[2];
  const isGuest = base.endsWith('.cfg') || /^[ \t]*(?:vif|name)[ \t]*\+?=/m.test(text);
  if (!isGuest) return null;
  const problem = `${path}:${assignments.line}: ${assignments.message}`;
  return { path, name: written ?? usual, vifs: null, problems: [problem] };
}

function fromAssignments(
  path: string,
  usual: string,
  assignments: readonly Assignment[],
): DomainFile | null {
  const named = assignments.findLast(({ name }) => name === 'name');
  const lists = assignments.filter(({ name }) => name === 'vif');
  if (named === undefined && lists.length === 0) return null;
  const name = named === undefined ? null : textOf(named.value);
  const problems: string[] = [];
  if (named !== undefined && name === null) {
    problems.push(`${path}:${named.line}: the name is no plain text`);
  }
  const [list, second] = lists;
  if (second !== undefined || list?.operator === '+=') {
    problems.push(`${path}:${(second ?? list)?.line}: \`vif\` is in more than one piece`);
  }
  const isWhole = list !== undefined && second === undefined && list.operator === '=';
  const vifs = isWhole ? entriesOf(path, list, problems) : null;
  return { path, name: name ?? usual, vifs, problems };
}

function entriesOf(
  path: string,
  { value, line }: Assignment,
  problems: string[],
): readonly VifEntry[] | null {
  const items: readonly Value[] = value.kind === 'list' ? value.items : [];
  if (value.kind !== 'list') problems.push(`${path}:${line}: \`vif\` is no list`);
  const texts = items.map(textOf);
  for (const [index, text] of texts.entries()) {
    if (text !== null) continue;
    problems.push(`${path}:${items[index]?.line}: an entry of \`vif\` is no plain text`);
  }
  if (value.kind !== 'list' || texts.includes(null)) return null;
  return texts.map((text) => parseVifEntry(text ?? ''));
}

function textOf(value: Value): string | null {
  if (value.kind !== 'string') return null;
  const inner = (value satisfies Atom).text.slice(1, -1);
  return inner.includes('\\') ? null : inner;
}

/** What a file of the toolstack says of the script of vifs that name none; null when it does not. */
export function defaultScript(xlConf: FileState, xendConfig: FileState): string | null {
  const content = (file: FileState) => (file.type === 'file' ? (file.content ?? '') : '');
  const ofXl = /^[ \t]*vif\.default\.script[ \t]*=[ \t]*["']([\w./+-]+)["']/m.exec(content(xlConf));
  const ofXend = /^[ \t]*\([ \t]*vif-script[ \t]+["']?([\w./+-]+)/m.exec(content(xendConfig));
  return ofXl?.[1] ?? ofXend?.[1] ?? null;
}
