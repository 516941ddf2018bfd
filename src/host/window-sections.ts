import { staleStatus } from './act-program.ts';
import { asText, type Section, type Sections } from './look-part.ts';
import type {
  ArmResult,
  Busy,
  DecisionResult,
  HealthResult,
  LockResult,
  WindowResult,
} from './window.ts';

/** Status of a section `lock` or `decision` that another run's lock was in the way of. */
const busyStatus = 76;

/** What a host says to people is a few lines; one that says more is not heard to its end. */
const longestLine = 400;
const longestText = 2_000;
const mostLines = 1_000;

/** The lock of an act or window program; null: the program said nothing of it. */
export function readLock(sections: Sections): LockResult | null {
  const section = sections.get('lock');
  if (section === undefined) return null;
  const text = textOf(section);
  if (section.status === 0) return { type: 'locked', note: text === '' ? null : text };
  return section.status === busyStatus ? busy(text) : { type: 'failed', message: text };
}

/** Whether a window is armed; null: the program said nothing of it. */
export function readArm(sections: Sections): ArmResult | null {
  const section = sections.get('arm');
  if (section === undefined) return null;
  const text = textOf(section);
  if (section.status === 0) return { type: 'armed', note: text === '' ? null : text };
  return { type: section.status === staleStatus ? 'stale' : 'failed', message: text };
}

/** How the changes of a window ended; null: the host did not say, so ask it again (`query.windows()`). */
export function readWindow(sections: Sections): WindowResult | null {
  const [word, ...rest] = linesOf(sections.get('window'));
  if (word === 'applied') return { type: 'applied', secondsLeft: count(rest[0]) };
  return undone(word, rest);
}

/** What the host made of a decision; null: it did not say, so ask it again. */
export function readDecision(sections: Sections): DecisionResult | null {
  const section = sections.get('decision');
  if (section === undefined) return null;
  const [word, ...rest] = linesOf(section);
  if (section.status === busyStatus) return busy(textOf(section));
  switch (word) {
    case 'confirmed':
    case 'rebooted':
    case 'not_applied':
    case 'gone':
      return { type: word };
    case 'too_late':
      return { type: 'too_late', message: rest.join(' ') };
    default:
      return (
        undone(word, rest) ?? { type: 'failed', message: [word, ...rest].join('\n') || 'no answer' }
      );
  }
}

/** The answers to the pings of a window, or of `compileHealth`. */
export function readHealth(sections: Sections): HealthResult {
  return new Map(
    linesOf(sections.get('health')).flatMap((line) => {
      const [address = '', answer] = line.split(' ');
      return answer === 'yes' || answer === 'no' ? [[address, answer === 'yes'] as const] : [];
    }),
  );
}

function textOf({ body }: Section): string {
  return asText(body.slice(0, longestText)).trim();
}

function linesOf(section: Section | undefined): readonly string[] {
  return asText((section?.body ?? '').slice(0, mostLines * longestLine))
    .split('\n')
    .map((line) => line.trim().slice(0, longestLine))
    .filter((line) => line !== '')
    .slice(0, mostLines);
}

function count(text: string | undefined): number {
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
}

function undone(word: string | undefined, [why = '', ...parts]: readonly string[]) {
  if (word === 'rolled_back') return { type: 'rolled_back', why } as const;
  return word === 'incomplete' ? ({ type: 'incomplete', why, parts } as const) : null;
}

function busy(text: string): Busy {
  const [run = '', by = '', since = '', word] = text.split('\n');
  return { type: 'busy', run, by, since, isPending: word === 'pending' };
}
