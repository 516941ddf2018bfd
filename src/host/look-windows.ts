import { isWindowId } from './lock-program.ts';
import { asText, type LookPart } from './look-part.ts';
import type { LastWindow, LockState, PendingWindow, WindowsState } from './window.ts';

/** The lock and the confirm windows. */
export const lookWindows: LookPart = {
  runtime: ['windows.sh'],
  lines: (asked) => (asked('windows').length === 0 ? [] : ['xp_collect windows xp_windows']),
  read: (asked, sections) => {
    const answer = parseWindows(asText(sections.get('windows')?.body ?? ''));
    return asked('windows').map((one) => [one, { answer }]);
  },
};

/** The lines of `xp_windows` (runtime/windows.sh); a line that is none of them tells nothing. */
export function parseWindows(text: string): WindowsState {
  const lines = text.split('\n');
  const find = <Told>(parse: (line: string) => Told | null): Told | null =>
    lines.reduce((found: Told | null, line) => found ?? parse(line), null);
  return { lock: find(parseLock), pending: find(parsePending), last: find(parseLast) };
}

function parseLock(line: string): LockState | null {
  const [, run, by, since, held] =
    /^lock (\S{1,200}) (\S{1,200}) (\S{1,200}) (held|stale)$/.exec(line) ?? [];
  if (run === undefined || by === undefined || since === undefined) return null;
  return { run, by, since, isStale: held === 'stale' };
}

function parsePending(line: string): PendingWindow | null {
  const [, id, run, by, state, tenths, boot, watched] =
    /^window (\S+) (\S{1,200}) (\S{1,200}) (\S+) (-?\d{1,10}) (same|other) (watched|alone)$/.exec(
      line,
    ) ?? [];
  if (id === undefined || run === undefined || by === undefined || !isWindowId(id)) return null;
  if (state !== 'armed' && state !== 'applied' && state !== 'rolling' && state !== 'confirmed') {
    return null;
  }
  const hasRebooted = boot === 'other';
  const secondsLeft = hasRebooted ? 0 : Math.max(0, Math.floor(Number(tenths) / 10));
  return { id, run, by, state, secondsLeft, hasRebooted, isWatched: watched === 'watched' };
}

function parseLast(line: string): LastWindow | null {
  const [, id, run, by, outcome, tenths, why = ''] =
    /^last (\S+) (\S{1,200}) (\S{1,200}) (\S+) (-|\d{1,10}) (.{0,400})/.exec(line) ?? [];
  if (id === undefined || run === undefined || by === undefined || !isWindowId(id)) return null;
  if (outcome !== 'confirmed' && outcome !== 'rolled_back' && outcome !== 'incomplete') return null;
  const secondsAgo = tenths === '-' ? null : Math.floor(Number(tenths) / 10);
  return { id, run, by, outcome, why, secondsAgo };
}
