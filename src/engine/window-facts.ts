import type { Section } from '../host/look-part.ts';
import type { WindowPlan } from '../host/window.ts';
import { readArm, readLock } from '../host/window-sections.ts';
import type { ActResult } from './act-results.ts';
import { WindowClock } from './window-clock.ts';
import type { WindowEnd } from './window-end.ts';
import { idsNow } from './window-shell.ts';

/** What the controller has come to know of a window, whatever line it came over. */
export class WindowFacts {
  readonly clock: WindowClock;
  readonly results = new Map<string, ActResult>();
  /** What the host wants people to know. */
  readonly notes: string[] = [];
  /** Whether it is armed, or may be. */
  isArmed = false;
  /** Whether it was asked to keep its changes. */
  hasAsked = false;
  /** What is wrong, in words; null: nothing. */
  why: string | null = null;
  readonly #plan: WindowPlan;
  #sentAt: number | null = null;
  #appliedAt: number | null = null;

  constructor(plan: WindowPlan) {
    this.#plan = plan;
    this.clock = new WindowClock(plan);
  }

  /** Until the host undoes by itself what was sent to it; null: nothing was, or it is decided. */
  get secondsLeft(): number | null {
    return this.#sentAt === null ? null : this.clock.secondsLeft;
  }

  /** Whether the host told of each of its changes that it was made. */
  get isWhole(): boolean {
    return idsNow(this.#plan).every((id) => this.results.get(id)?.status === 0);
  }

  send(): void {
    this.#sentAt = performance.now();
    this.clock.arm();
  }

  apply(secondsLeft: number): void {
    this.why = null;
    this.#appliedAt ??= performance.now();
    this.clock.hear('applied', secondsLeft);
  }

  decide(): void {
    this.#sentAt = null;
  }

  /** What a section says of the lock, of arming, or of a change. */
  keep(id: string, section: Section): void {
    const { body: output, ...told } = section;
    if (isAct(id)) this.results.set(id, { ...told, output });
    if (id === 'arm' && section.status === 0) {
      this.isArmed = true;
      this.clock.arm();
    }
    const sections = new Map([[id, section]]);
    const result = readLock(sections) ?? readArm(sections);
    if (result !== null && 'note' in result && result.note !== null) this.notes.push(result.note);
  }

  /** The host kept its changes: as it was asked to, or by somebody else's word. */
  kept(): WindowEnd {
    if (this.hasAsked) return { type: 'confirmed' };
    if (this.why !== null) return { type: 'kept', why: this.why };
    this.notes.push('it says that somebody else confirmed its changes before this run did');
    return { type: 'confirmed' };
  }

  /** The host says just that it was not confirmed; here it is known why. */
  undone(said: string, secondsAgo: number | null): WindowEnd {
    const since = this.#appliedAt;
    if (since === null) return { type: 'undone', why: said, afterSeconds: null };
    const afterMs = performance.now() - since - (secondsAgo ?? 0) * 1000;
    const afterSeconds = Math.max(0, Math.round(afterMs / 1000));
    return { type: 'undone', why: this.why ?? said, afterSeconds };
  }

  unheard(why: string): Extract<WindowEnd, { type: 'unheard' }> {
    const seconds = Math.round((performance.now() - (this.#sentAt ?? 0)) / 1000);
    return { type: 'unheard', seconds, why };
  }
}

/** Acts have numbers for ids, all other sections names. */
export function isAct(id: string): boolean {
  return /^\d/.test(id);
}
