import type { Host, Inventory } from '../inventory/model.ts';
import { levelsOfVars, varNode } from '../inventory/vars.ts';
import type { Data } from '../source/data.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { secretsIn } from '../source/secret.ts';
import { nodeAt, type SourceNode, writtenText } from '../source/source-node.ts';
import { type Place, placeName, SourceText } from '../source/source-text.ts';
import { readExpression } from '../template/template.ts';
import { noKeywords, type Variables } from './keywords.ts';
import { nothingTold } from './knowledge.ts';
import type { Play, Task } from './model.ts';
import type { Found, Scope } from './scope.ts';
import { magicNames, scopeOf } from './scope-of.ts';
import { ownerOf } from './vars-owner.ts';

/** A level that gives a variable a value. */
export interface Origin {
  /** `-e`, `task Restart, play Web`, `play Web`, `host web1`, `group web`, `all hosts`, ... */
  readonly of: string;
  /** `file:line:column`; null: it is not from a file. */
  readonly place: string | null;
  /** As it is written; null: it is worked out in a run. */
  readonly written: string | null;
  /** What it comes to on the host; null: only a run can tell. */
  readonly value: Found | null;
}

/** Where a variable has its value from. */
export type Explained =
  /** All levels that have it, the one that decides first. */
  | { readonly ok: true; readonly origins: readonly Origin[] }
  | { readonly ok: false; readonly hint: string | null };

/** What is asked about. */
export interface Question {
  readonly name: string;
  readonly host: Host;
  readonly inventory: Inventory;
  /** Plays that the host has a part in; none: the inventory alone is asked. */
  readonly plays: readonly Play[];
  readonly extraVars: Variables;
}

/** All levels of a variable on a host, in the order of their precedence. Secrets are not fetched. */
export function explainVariable(question: Question): Explained {
  const { name, host, inventory, plays, extraVars } = question;
  const base = scopeOf({ ...noKeywords, extraVars }, { host, inventory }, nothingTold);
  const told = plays.flatMap((play) =>
    play.tasks.filter(isOnce).flatMap((task) => tellers(task, name, play)),
  );
  const written = levelsOf(question).filter(({ vars }) => Object.hasOwn(vars, name));
  for (const secret of secretsIn([host.vars, written.map(({ vars }) => vars)])) {
    if (!secret.isSettled) secret.settle(''); // it is shown to nobody
  }
  const origins = [
    ...(magicNames.includes(name) ? [ofXpush(name, base)] : []),
    ...written.filter(({ of }) => of === '-e').map((level) => originOf(level, name, base)),
    ...told,
    ...written.filter(({ of }) => of !== '-e').map((level) => originOf(level, name, base)),
  ];
  if (origins.length > 0) return { ok: true, origins };
  if (base.names().has(name)) return { ok: true, origins: [ofXpush(name, base)] };
  const names = levelsOf(question).flatMap(({ vars }) => Object.keys(vars));
  return { ok: false, hint: didYouMean(name, new Set([...names, ...base.names()])) };
}

interface NamedLevel {
  readonly of: string;
  readonly vars: Variables;
}

/** Those of the command line, of the plays and of the inventory; the first one that has a name decides. */
function levelsOf({ host, plays, extraVars }: Question): readonly NamedLevel[] {
  const ofPlays = plays.flatMap((play) => levelsOfPlay(play, 'vars'));
  const defaults = plays.flatMap((play) => levelsOfPlay(play, 'defaults'));
  const ofHost = levelsOfVars(host.vars).toReversed();
  return [{ of: '-e', vars: extraVars }, ...ofPlays, ...ofHost, ...defaults];
}

/** Each once, the innermost first. */
function levelsOfPlay(play: Play, kind: 'vars' | 'defaults'): readonly NamedLevel[] {
  const users = new Map<Variables, { readonly tasks: Task[]; depth: number }>();
  for (const task of play.tasks) {
    for (const [depth, vars] of (task.keywords ?? noKeywords)[kind].entries()) {
      const known = users.get(vars);
      if (known === undefined) users.set(vars, { tasks: [task], depth });
      else known.tasks.push(task);
    }
  }
  return [...users]
    .toSorted(([, one], [, other]) => other.depth - one.depth)
    .map(([vars, { tasks }]) => ({ of: ownerIn(vars, tasks, play), vars }));
}

/** The task or the play that has them, unless they are of something in between. */
function ownerIn(vars: Variables, [first, ...more]: readonly Task[], play: Play): string {
  const owner = ownerOf(vars);
  if (owner !== '') return `${owner}, ${playOf(play)}`;
  const [name = ''] = Object.keys(vars);
  const written = varNode(vars, name)?.place;
  const own = first?.node?.place;
  const isInTask =
    more.length === 0 &&
    own !== undefined &&
    written?.source === own.source &&
    written.start >= own.start &&
    written.end <= own.end;
  return isInTask ? `task ${first?.name ?? ''}, ${playOf(play)}` : playOf(play);
}

function playOf({ name }: Play): string {
  return `play ${name}`;
}

function originOf({ of, vars }: NamedLevel, name: string, base: Scope): Origin {
  const node = varNode(vars, name);
  const data = vars[name];
  const above = base.with({
    names: () => [name],
    get: (asked) => (asked === name ? data : undefined),
  });
  return {
    of,
    place: node === null ? null : placeName(node.place),
    written: shownText(node, data),
    value: workedOut(name, above),
  };
}

function ofXpush(name: string, base: Scope): Origin {
  return { of: 'xpush', place: null, written: null, value: workedOut(name, base) };
}

function workedOut(name: string, scope: Scope): Found {
  const source = new SourceText(name, name);
  const place: Place = { source, start: 0, end: name.length };
  const expression = readExpression(name, place);
  if (!expression.ok) return { type: 'wrong', diagnostics: expression.diagnostics };
  return scope.evaluate(expression.value);
}

/** What is written, but nothing of a file or a line with a secret in it. */
function shownText(node: SourceNode | null, data: Data | undefined): string | null {
  if (node === null) return data === undefined ? null : String(JSON.stringify(data));
  const isShown = node.place.source.excerptAt(node.place.start, node.place.end) !== null;
  return isShown && secretsIn(data).length === 0 ? writtenText(node) : '***';
}

/** A handler is laid out at each place where handlers are run. */
function isOnce(task: Task, index: number, tasks: readonly Task[]): boolean {
  return tasks.indexOf(task) === index;
}

/** Where a task gives the variable its value in a run. */
function tellers(
  { name: task, step, place, keywords = noKeywords }: Task,
  name: string,
  play: Play,
): readonly Origin[] {
  const by = `by task ${task}, ${playOf(play)}`;
  const told = { place: placeName(place), written: null, value: null };
  const isSet = step.name === 'set_fact' && keywords.written !== null;
  return [
    ...(keywords.register === name ? [{ ...told, of: `registered ${by}` }] : []),
    ...(isSet && nodeAt(keywords.written.node, [name]) !== undefined
      ? [{ ...told, of: `set ${by}` }]
      : []),
  ];
}
