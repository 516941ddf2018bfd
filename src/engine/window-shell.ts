import { answerTo } from '../host/answer.ts';
import type { Section, Sections } from '../host/look-part.ts';
import { query } from '../host/query.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import { HostState } from '../host/state.ts';
import type {
  DecisionPlan,
  DecisionResult,
  HealthResult,
  PendingWindow,
  WindowPlan,
  WindowsState,
} from '../host/window.ts';
import { splitActs } from '../host/window-acts.ts';
import {
  compileDecision,
  compileFollow,
  compileHealth,
  compileWindow,
} from '../host/window-program.ts';
import { readDecision, readHealth } from '../host/window-sections.ts';
import type { HostShell } from './host-shell.ts';
import { ForgedError, forgedText, LostError } from './lost-error.ts';

/** A copy of all that the changes touch, made durable on a busy disk. */
const armingMs = 120_000;

/** Moving files into place, or undoing everything three times. */
export const decidingMs = 120_000;

const pingingMs = 10_000;

/** Told of sections as they come: they count even when the line is lost after them. */
export interface SectionWatcher {
  readonly onBegin: (id: string) => void;
  readonly onEnd: (id: string, section: Section) => void;
}

/** How long a window is listened to. */
export interface Hearing {
  /** Without a byte for so long once it is armed, the line counts as lost. */
  readonly silenceMs: number;
  /** Whatever it says: nothing is listened to any longer (performance.now). */
  readonly until: () => number;
}

/** Opens a window and listens until the host says how its changes ended. */
export async function openWindow(
  shell: HostShell,
  plan: WindowPlan,
  { silenceMs, until }: Hearing,
  watcher: SectionWatcher,
): Promise<Sections> {
  const health = plan.pings.length > 0 ? ['health'] : [];
  const begin = inOrder(['lock', ...health, 'arm'], [...idsNow(plan), 'window']);
  let isArmed = false;
  return await shell.run((known) => compileWindow(plan, known), {
    patience: ({ since, heard }) =>
      isArmed ? Math.min(heard + silenceMs, until()) : since + armingMs,
    onBegin: (id) => {
      begin(id, isArmed);
      watcher.onBegin(id);
    },
    onEnd: (id, section) => {
      isArmed ||= id === 'arm' && section.status === 0;
      watcher.onEnd(id, section);
    },
  });
}

/** Listens to a window that is open, from its first change on. */
export async function followWindow(
  shell: HostShell,
  plan: WindowPlan,
  { silenceMs, until }: Hearing,
  watcher: SectionWatcher,
): Promise<Sections> {
  const begin = inOrder([], [...idsNow(plan), 'window']);
  return await shell.run((known) => compileFollow(plan.id, known), {
    patience: ({ heard }) => Math.min(heard + silenceMs, until()),
    onBegin: (id) => {
      begin(id, true);
      watcher.onBegin(id);
    },
    onEnd: watcher.onEnd,
  });
}

/** Asks for a decision; confirmed files for the next boot are sections too. */
export async function decideWindow(
  shell: HostShell,
  plan: WindowPlan,
  decision: DecisionPlan,
  watcher: SectionWatcher,
): Promise<Sections> {
  const left = new Set(decision.decision === 'confirm' ? idsStaged(plan) : []).add('decision');
  return await shell.run((known) => compileDecision(decision, known), {
    patience: ({ since }) => since + decidingMs,
    onBegin: (id) => {
      if (!left.delete(id)) throw new ForgedError(forgedText);
      if (id === 'decision') left.clear();
      watcher.onBegin(id);
    },
    onEnd: watcher.onEnd,
  });
}

/**
 * Undoes a window that its run and its watchdog left behind, in the name of another run. null: the host
 * does not say what became of it, so the next look tells.
 */
export async function undoOverdue(
  shell: HostShell,
  { id, run, by }: PendingWindow,
  identity: RunIdentity,
): Promise<DecisionResult | null> {
  const why = `left behind by run ${run} by ${by}`;
  const sections = await shell.run(
    (known) => compileDecision({ id, decision: 'undo', why, identity }, known),
    { patience: ({ since }) => since + decidingMs },
  );
  return readDecision(sections);
}

/** Has the host ping these. */
export async function pingFrom(
  shell: HostShell,
  addresses: readonly string[],
): Promise<HealthResult> {
  if (addresses.length === 0) return new Map();
  const sections = await shell.run((known) => compileHealth(addresses, known), {
    patience: ({ since }) => since + pingingMs,
  });
  return readHealth(sections);
}

/** What `lookAtWindows` asks. */
export const windowQueries = [query.windows()] as const;

/** What a host says of its windows; nothing is touched. */
export async function lookAtWindows(shell: HostShell): Promise<WindowsState> {
  const state = answerTo(new HostState(await shell.look(windowQueries)), query.windows());
  if (state === null) throw new LostError('it does not say what became of its window');
  return state;
}

/** Acts that the host tells of before the decision, in order. */
export function idsNow({ acts }: Pick<WindowPlan, 'acts'>): readonly string[] {
  return splitActs(acts).now.map(({ id }) => id);
}

/** Acts that the host tells of after it, in any order. */
function idsStaged({ acts }: WindowPlan): readonly string[] {
  const { staged, idle } = splitActs(acts);
  return [...idle, ...staged.flatMap(({ ids }) => ids)];
}

/** Each section comes once, in this order; some may be left out. */
function inOrder(
  before: readonly string[],
  armed: readonly string[],
): (id: string, isArmed: boolean) => void {
  let left: readonly string[] = [...before, ...armed];
  return (id, isArmed) => {
    const place = left.indexOf(id);
    if (place < 0 || isArmed !== armed.includes(id)) throw new ForgedError(forgedText);
    left = left.slice(place + 1);
  };
}
