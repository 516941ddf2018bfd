import { globMatcher } from '../inventory/glob.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { noKeywords } from './keywords.ts';
import type { Play, Task } from './model.ts';

/** Which tasks of the plays are meant. */
export interface TaskChoice {
  /** Only tasks with one of these tags; none: all but those that are never done unasked. */
  readonly tags: readonly string[];
  /** No tasks with one of these. */
  readonly skipTags: readonly string[];
  /** The first task to be done, by its name or a glob; null: the first one. */
  readonly startAt: string | null;
}

/** Nobody chooses. */
export const allTasks: TaskChoice = { tags: [], skipTags: [], startAt: null };

/** Words that mean tasks by more than their own tags. */
const wordsForTags = ['all', 'tagged', 'untagged', 'always', 'never'];

/**
 * The plays with those tasks only that are meant, as Ansible chooses them: `always` is done unless it is
 * skipped by its name, `never` only when a tag of its task is asked for; `tagged`, `untagged` and `all` mean
 * what they say. Handlers stay where a task does. Says which tag or name no task has.
 */
export function selectTasks(plays: readonly Play[], choice: TaskChoice): Result<readonly Play[]> {
  const wrong = unknownTags(plays, choice);
  if (wrong.length > 0) return { ok: false, diagnostics: wrong };
  const chosen = plays.map((play) => withTasks(play, (task) => isMeant(tagsOf(task), choice)));
  return choice.startAt === null ? { ok: true, value: chosen } : startAt(choice.startAt, chosen);
}

/** The tags of a task. */
export function tagsOf({ keywords = noKeywords }: Task): readonly string[] {
  return keywords.tags;
}

/** Whether it is run because of others, at the end of a play. */
export function isHandler({ keywords = noKeywords }: Task): boolean {
  return keywords.handler !== null;
}

/** A play with some of its tasks; without any, it has no handlers either. */
export function withTasks(play: Play, isChosen: (task: Task) => boolean): Play {
  const tasks = play.tasks.filter((task) => isHandler(task) || isChosen(task));
  if (tasks.length === play.tasks.length) return play;
  return { ...play, tasks: tasks.every(isHandler) ? [] : tasks };
}

function isMeant(tags: readonly string[], { tags: only, skipTags }: TaskChoice): boolean {
  const own = tags.length === 0 ? ['untagged'] : tags;
  return isAskedFor(own, only.length === 0 ? ['all'] : only) && !isSkipped(own, skipTags);
}

function isAskedFor(own: readonly string[], only: readonly string[]): boolean {
  if (own.includes('always') || only.some((tag) => own.includes(tag))) return true;
  if (own.includes('never')) return false;
  return only.includes('all') || (only.includes('tagged') && !own.includes('untagged'));
}

function isSkipped(own: readonly string[], skipped: readonly string[]): boolean {
  if (skipped.some((tag) => own.includes(tag))) return true;
  if (skipped.includes('all')) return !own.includes('always');
  return skipped.includes('tagged') && !own.includes('untagged');
}

function unknownTags(plays: readonly Play[], { tags, skipTags }: TaskChoice): Diagnostic[] {
  const known = new Set(plays.flatMap((play) => play.tasks.flatMap(tagsOf)));
  const asked = [
    ['--tags', tags],
    ['--skip-tags', skipTags],
  ] as const;
  return asked.flatMap(([option, names]) =>
    names
      .filter((name) => !known.has(name) && !wordsForTags.includes(name))
      .map((name) => {
        const hint = known.size === 0 ? 'no task has any' : `tags: ${[...known].join(', ')}`;
        const message = `${option}: no task has the tag ${quoted(name)}`;
        return said(message, didYouMean(name, known) ?? hint);
      }),
  );
}

/** Tasks before the first one of that name are left out, and so are the plays before its own. */
function startAt(name: string, plays: readonly Play[]): Result<readonly Play[]> {
  const matches = globMatcher(name);
  const isNamed = (task: Task): boolean =>
    !isHandler(task) && (task.name === name || matches(task.name));
  const first = plays.findIndex((play) => play.tasks.some(isNamed));
  const found = plays[first]?.tasks.findIndex(isNamed) ?? -1;
  if (found < 0) {
    const names = plays.flatMap(({ tasks }) => tasks.map((task) => task.name));
    const hint = didYouMean(name, names) ?? 'see --list-tasks';
    const message = `--start-at-task: no task is called ${quoted(name)}`;
    return { ok: false, diagnostics: [said(message, hint)] };
  }
  const left = plays.map((play, index) => {
    if (index !== first) return index < first ? { ...play, tasks: [] } : play;
    const before = new Set(play.tasks.slice(0, found));
    return withTasks(play, (task) => !before.has(task));
  });
  return { ok: true, value: left };
}

function said(message: string, hint: string | null): Diagnostic {
  return { position: null, message, hint, excerpt: null };
}
