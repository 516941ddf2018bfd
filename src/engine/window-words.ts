import type { LegEnding } from './leg-tasks.ts';
import type { Unconfirmed } from './window-end.ts';

/** A run as a host names it. */
export function ofRun({ run, by }: { readonly run: string; readonly by: string }): string {
  const who = by === '' ? 'somebody' : by;
  return run === '' ? who : `run ${run} by ${who}`;
}

/** `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`. */
export function ago(seconds: number): string {
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 48 * 3600
    ? `${Math.floor(seconds / 3600)} h ago`
    : `${Math.floor(seconds / 86_400)} days ago`;
}

/**
 * Another run is at the host. `isPending`: it waits for that run's decision on a window;
 * `pendingSeconds`: so long at most, null: nobody knows, or it does not.
 */
export function busyEnding(
  holder: {
    readonly run: string;
    readonly by: string;
    readonly since?: string;
    readonly isPending?: boolean;
  },
  pendingSeconds: number | null,
): LegEnding {
  const since = holder.since === undefined ? '' : `, since ${holder.since}`;
  const within = pendingSeconds === null ? '' : ` within ${pendingSeconds} s`;
  const waiting =
    pendingSeconds === null && holder.isPending !== true
      ? ''
      : `; it is in a confirm window, and undoes itself${within} unless that run confirms`;
  const error = {
    message: `busy with ${ofRun(holder)}${since}${waiting}; nothing was changed`,
    hint: waiting === '' ? whenOver : `${whenOver}; if that run is dead: xpush confirm or rollback`,
  };
  return { status: 'busy', error };
}

const whenOver = 'run again when that is over; xpush status tells who holds it';

/** What commands are about that people may run next. */
export interface NextCommand {
  /** The host, as arguments of a command of ours. */
  readonly target?: string;
}

/**
 * How the host ends by a window that did not come to stay. `failed`: the change that failed, in words;
 * null: none. `hasEarlier`: something that was changed before the window stays.
 */
export function windowEnding(
  end: Unconfirmed,
  failed: string | null,
  hasEarlier: boolean,
  { target = 'INVENTORY -l HOST' }: NextCommand = {},
): LegEnding {
  switch (end.type) {
    case 'busy':
      return busyEnding(end, null);
    case 'refused':
      return ending('failed', failed ?? refusalText(end.message), null);
    case 'undone': {
      const asBefore = hasEarlier
        ? 'what the earlier tasks changed stays'
        : 'the host is as before';
      if (failed !== null) {
        // the change that was under way when the host ended all of them is not to blame
        const because = end.why.startsWith('a change failed') ? '' : ` since ${end.why}`;
        return ending('rolled_back', `${failed}\nrolled back${because}: ${asBefore}`, null);
      }
      if (end.afterSeconds === null) {
        return ending('rolled_back', `rolled back: ${end.why}; ${asBefore}`, null);
      }
      return ending(
        'rolled_back',
        `not confirmed: rolled back ${end.afterSeconds} s after the change; ${asBefore} (${end.why})`,
        'look for what closes the way in: the same command with --check --diff shows what was to change',
      );
    }
    case 'incomplete':
      return ending(
        'needs_human',
        `CONSOLE NEEDED: it could not undo all of its changes (${end.why})${partsText(end.parts)}`,
        `the directory /var/lib/xpush/window on the host has the log and the saved state; then: xpush rollback ${target}`,
      );
    case 'kept':
      return ending(
        'needs_human',
        `its changes were confirmed, but not by this run: ${end.why}`,
        `look whether all is well with it; what undoes them: xpush rollback ${target}`,
      );
    case 'unheard':
      return ending(
        'needs_human',
        `nothing was heard from it for ${end.seconds} s after its confirm window was opened (${end.why}): it should have undone its changes by itself`,
        `ask it again: xpush status ${target}; if it does not answer, look at its console`,
      );
  }
}

const mostParts = 12;

function partsText(parts: readonly string[]): string {
  if (parts.length === 0) return '';
  const more = parts.length > mostParts ? `, and ${parts.length - mostParts} more` : '';
  return `: not as before: ${parts.slice(0, mostParts).join(', ')}${more}`;
}

/** Why a host opened no window. */
export function refusalText(message: string): string {
  const said = message.includes('nothing was changed') ? '' : '; nothing was changed';
  return `no confirm window: ${message}${said}`;
}

function ending(status: LegEnding['status'], message: string, hint: string | null): LegEnding {
  return { status, error: { message, hint } };
}
