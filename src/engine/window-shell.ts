import { answerTo } from '../host/answer.ts';
import type { Section, Sections } from '../host/look-part.ts';
import { query } from '../host/query.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import { HostState } from '../host/state.ts';
import type {
  DecisionPlan,
  HealthResult,
  PendingWindow,
  WindowPlan,
  WindowsState,
} from '../host/window.ts';
import {
  compileDecision,
  compileFollow,
  compileHealth,
  compileWindow,
} from '../host/window-program.ts';
import { readHealth } from '../host/window-sections.ts';
import { type HostShell, LostError } from './host-shell.ts';
import type { Listener } from './listener.ts';

/** A copy of all that the changes touch, made durable on a busy disk. */
const armingMs = 120_000;

/** Moving files into place, or undoing everything three times. */
const decidingMs = 120_000;

const pingingMs = 10_000;

/** Told of sections as they come: they count even when the line is lost after them. */
export interface SectionWatcher {
  readonly onBegin: (id: string) => void;
  readonly onEnd: (id: string, section: Section) => void;
}

/**
 * Opens a window and listens until the host says how its changes ended; `silenceMs`: without a byte for
 * so long once it is armed, the line counts as lost.
 */
export async function openWindow(
  shell: HostShell,
  plan: WindowPlan,
  silenceMs: number,
  watcher: SectionWatcher,
): Promise<Sections> {
  const health = plan.pings.length > 0 ? ['health'] : [];
  let isArmed = false;
  return await shell.run((known) => compileWindow(plan, known), {
    patience: ({ since, heard }) => (isArmed ? heard + silenceMs : since + armingMs),
    onBegin: onceEach(['lock', ...health, 'arm', ...idsOf(plan), 'window'], watcher),
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
  silenceMs: number,
  watcher: SectionWatcher,
): Promise<Sections> {
  return await shell.run((known) => compileFollow(plan.id, known), {
    patience: ({ heard }) => heard + silenceMs,
    onBegin: onceEach([...idsOf(plan), 'window'], watcher),
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
  return await shell.run((known) => compileDecision(decision, known), {
    patience: ({ since }) => since + decidingMs,
    onBegin: onceEach([...idsOf(plan), 'decision'], watcher),
    onEnd: watcher.onEnd,
  });
}

/**
 * Undoes a window that its run and its watchdog left behind, in the name of another run. What becomes
 * of it, the next look tells.
 */
export async function undoOverdue(
  shell: HostShell,
  { id, run, by }: PendingWindow,
  identity: RunIdentity,
): Promise<void> {
  const why = `left behind by run ${run} by ${by}`;
  await shell.run((known) => compileDecision({ id, decision: 'undo', why, identity }, known), {
    patience: ({ since }) => since + decidingMs,
  });
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

/** What a host says of its windows; nothing is touched. */
export async function lookAtWindows(shell: HostShell): Promise<WindowsState> {
  const asked = query.windows();
  const state = answerTo(new HostState(await shell.look([asked])), asked);
  if (state === null) throw new LostError('it does not say what became of its window');
  return state;
}

function idsOf({ acts }: WindowPlan): readonly string[] {
  return acts.map(({ id }) => id);
}

/** Each section is of these, and comes once. */
function onceEach(
  ids: readonly string[],
  { onBegin }: SectionWatcher,
): NonNullable<Listener['onBegin']> {
  const left = new Set(ids);
  return (id) => {
    if (!left.delete(id)) throw new LostError('the host answers what nobody asked');
    onBegin(id);
  };
}
