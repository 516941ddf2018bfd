import { setTimeout as pause } from 'node:timers/promises';
import type { Sections } from '../host/look-part.ts';
import type { WindowPlan } from '../host/window.ts';
import { readDecision, readWindow } from '../host/window-sections.ts';
import { Countdown } from './countdown.ts';
import type { Activity } from './events.ts';
import type { HealthPlan } from './health.ts';
import { HealthWatch } from './health-watch.ts';
import type { HostContact } from './host-contact.ts';
import type { HostShell } from './host-shell.ts';
import type { LegOptions } from './leg-options.ts';
import { ForgedError, LostError } from './lost-error.ts';
import { readRefusal, type WindowEnd } from './window-end.ts';
import { isAct, WindowFacts } from './window-facts.ts';
import {
  decideWindow,
  followWindow,
  type Hearing,
  lookAtWindows,
  openWindow,
  type SectionWatcher,
  windowQueries,
} from './window-shell.ts';

/** What a window is about. */
export interface WindowWork {
  readonly plan: WindowPlan;
  readonly health: HealthPlan;
  /** The run may change the host afterwards, so it keeps the lock. */
  readonly goesOn: boolean;
}

export interface WindowOptions extends Pick<LegOptions, 'reach' | 'stopping' | 'leaving'> {
  /** A change begins on the host. */
  readonly onBegin: (id: string) => void;
  readonly tell: (doing: Activity['doing']) => void;
  /** For people, while it goes on. */
  readonly warn: (text: string) => void;
  /** Nothing but the way in is there to be checked, and why. */
  readonly onBlind: (why: string) => void;
}

/** A host that is armed and says nothing for so long is asked over a new connection; then for longer. */
const silenceMs = 3_000;
const longestSilenceMs = 20_000;

/** The host knows best when its time is over: nobody tries to confirm in the last moment. */
const marginMs = 2_000;

/** An undo that has begun is tried three times, against locks of others. */
const rollingMs = 60_000;

const againMs = 300;

/** Who is refused comes again this often: more attempts would only have us locked out. */
const mostRefusals = 2;

/** One confirm window on one host, from arming to the decision, over as many connections as it takes. */
export class WindowRun {
  readonly facts: WindowFacts;
  readonly #contact: HostContact;
  readonly #plan: WindowPlan;
  readonly #goesOn: boolean;
  readonly #options: WindowOptions;
  readonly #watcher: SectionWatcher;
  readonly #health: HealthWatch;
  readonly #away: Countdown;
  #silenceMs = silenceMs;

  constructor(contact: HostContact, { plan, health, goesOn }: WindowWork, options: WindowOptions) {
    this.facts = new WindowFacts(plan);
    this.#contact = contact;
    this.#plan = plan;
    this.#goesOn = goesOn;
    this.#options = options;
    this.#health = new HealthWatch(health, options.reach);
    this.#watcher = {
      onBegin: (id) => {
        if (isAct(id)) options.onBegin(id);
      },
      onEnd: (id, section) => {
        if (id === 'health') this.#health.hear(section);
        else this.facts.keep(id, section);
      },
    };
    this.#away = new Countdown(
      () => this.facts.clock.giveUpAt,
      (seconds) =>
        options.warn(
          `nothing is heard of it since it opened its confirm window (${contact.why}): it is waited for ${seconds} s more at most, and undoes its changes by itself unless they are confirmed`,
        ),
    );
  }

  /** Opens it in this shell and sees it through, over new connections of the contact. */
  async finish(shell: HostShell): Promise<WindowEnd> {
    await this.#health.begin();
    if (this.#options.stopping.aborted) return { type: 'stopped' };
    try {
      const opened = await this.#open(shell);
      const end = opened === 'applied' ? await this.#confirm() : opened;
      this.facts.decide();
      return end;
    } finally {
      this.#away.stop();
    }
  }

  async #open(shell: HostShell): Promise<WindowEnd | 'applied'> {
    this.facts.send();
    try {
      const sections = await openWindow(shell, this.#plan, this.#hearing, this.#watcher);
      return readRefusal(sections) ?? this.#ended(sections);
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
      this.facts.why = error.message;
      if (!this.facts.isArmed) this.facts.clock.arm();
      // what it said of its changes, it may have made
      if (error instanceof ForgedError) this.facts.isArmed = true;
      return await this.#ask((again) => this.#follow(again));
    }
  }

  get #hearing(): Hearing {
    return { silenceMs: this.#silenceMs, until: () => this.facts.clock.giveUpAt };
  }

  /** How the changes ended. Throws `LostError` when the host did not say. */
  #ended(sections: Sections): WindowEnd | 'applied' {
    const result = readWindow(sections);
    if (result === null) throw new LostError('it does not say how its changes ended');
    if (result.type === 'incomplete') return result;
    if (result.type === 'rolled_back') return this.facts.undone(result.why, null);
    this.facts.apply(result.secondsLeft);
    return 'applied';
  }

  /** After a lost line: listens on, from the first change. */
  async #follow(shell: HostShell): Promise<WindowEnd | 'applied'> {
    const standing = await this.#standing(shell);
    if (typeof standing !== 'string') return standing;
    this.#silenceMs = Math.min(2 * this.#silenceMs, longestSilenceMs);
    return this.#ended(await followWindow(shell, this.#plan, this.#hearing, this.#watcher));
  }

  /** Comes back over a new connection, sees whether all is well, and confirms. */
  async #confirm(): Promise<WindowEnd> {
    if (!this.facts.isWhole) {
      this.facts.why = 'it says that its changes are made, but not of each of them';
      return await this.#undo();
    }
    this.#options.tell('confirm');
    const blind = this.#health.blind;
    if (blind !== null) this.#options.onBlind(blind);
    const { deadline } = this.facts.clock;
    const until = deadline - Math.min(marginMs, (deadline - performance.now()) / 4);
    const end = await this.#comeBack(until, (shell) => this.#judge(shell, until));
    if (end !== null) return end;
    this.facts.why ??= `the controller did not get in again: ${this.#contact.why}`;
    return await this.#undo();
  }

  async #judge(shell: HostShell, until: number): Promise<WindowEnd> {
    const standing = await this.#standing(shell);
    if (typeof standing !== 'string') return standing;
    for (;;) {
      const lost = await this.#health.lost(shell);
      if (lost.length === 0) break;
      this.facts.why = lost.join('; ');
      if (performance.now() + againMs > until) return await this.#decide(shell, 'undo');
      await this.#pause(againMs);
    }
    this.facts.why = null;
    this.facts.hasAsked = true;
    return await this.#decide(shell, 'confirm', '');
  }

  /** It was not confirmed in time: what is not undone yet is undone now. */
  async #undo(): Promise<WindowEnd> {
    this.#options.tell('undo');
    return await this.#ask(async (shell) => {
      const standing = await this.#standing(shell);
      return typeof standing === 'string' ? await this.#decide(shell, 'undo') : standing;
    });
  }

  /** Asks over new connections, until it is of no use any more. */
  async #ask<Answer>(
    ask: (shell: HostShell) => Promise<Answer>,
  ): Promise<Answer | Extract<WindowEnd, { type: 'unheard' }>> {
    const { clock } = this.facts;
    for (let refusals = this.#contact.isRefused ? 1 : 0; ; ) {
      // it does not let us in: only the undo, if anything, changes that
      if (refusals > 0) await this.#pause(this.#untilUndoneMs);
      // the deadline may come to be known better on the way
      const answer = await this.#comeBack(clock.giveUpAt, ask);
      if (answer !== null) return answer;
      if (this.#contact.isRefused) refusals += 1;
      const isOver = performance.now() >= clock.giveUpAt;
      if (isOver || refusals > mostRefusals) return this.facts.unheard(this.#contact.why);
    }
  }

  get #untilUndoneMs(): number {
    const { deadline, giveUpAt } = this.facts.clock;
    const now = performance.now();
    return deadline + 1000 > now ? deadline + 1000 - now : (giveUpAt - now) / 2;
  }

  /** As that of the contact; and people are told when that takes long. */
  async #comeBack<Answer>(
    until: number,
    ask: (shell: HostShell) => Promise<Answer>,
  ): Promise<Answer | null> {
    this.#away.start();
    const asked = async (shell: HostShell): Promise<Answer> => {
      try {
        return await ask(shell);
      } catch (error) {
        this.#away.start();
        throw error;
      }
    };
    return await this.#contact.comeBack(until, asked, windowQueries);
  }

  /** How the window stands; waits for the end of what the host is about. `isAgain`: it was decided before. */
  async #standing(shell: HostShell, isAgain = false): Promise<WindowEnd | 'open'> {
    const { facts } = this;
    for (;;) {
      const { lock, pending, last } = await lookAtWindows(shell);
      const ended = last?.id === this.#plan.id ? last : null;
      if (ended?.outcome === 'incomplete') {
        return { type: 'incomplete', why: ended.why, parts: [] };
      }
      if (ended?.outcome === 'rolled_back') return facts.undone(ended.why, ended.secondsAgo);
      if (pending?.id !== this.#plan.id) {
        if (ended !== null) return facts.kept();
        const isArming = lock?.run === this.#plan.identity.id && !lock.isStale;
        if (!facts.isArmed && !isArming) {
          return { type: 'lost', why: facts.why ?? this.#contact.why };
        }
        // it is still arming, or another machine answers at its address
        throw new LostError('who answers knows nothing of its confirm window');
      }
      this.#away.stop();
      facts.isArmed = true;
      if (pending.hasRebooted) return await this.#decide(shell, 'undo', bootedText, isAgain);
      if (pending.state === 'armed' || pending.state === 'applied') {
        facts.clock.hear(pending.state, pending.secondsLeft);
        return 'open';
      }
      // whoever was putting files into place may be gone
      if (pending.state === 'confirmed') return await this.#decide(shell, 'confirm', '', isAgain);
      if (performance.now() > facts.clock.giveUpAt + rollingMs) {
        return facts.unheard('it is still undoing its changes');
      }
      await this.#pause(againMs);
    }
  }

  /** Throws `LostError` when nothing was decided. */
  async #decide(
    shell: HostShell,
    decision: 'confirm' | 'undo',
    why = this.facts.why ?? 'not confirmed in time',
    isAgain = false,
  ): Promise<WindowEnd> {
    const { id, identity } = this.#plan;
    const asked = { id, decision, why, identity: this.#goesOn ? identity : null };
    const result = readDecision(await decideWindow(shell, this.#plan, asked, this.#watcher));
    if (result?.type === 'confirmed' && decision === 'confirm') return this.facts.kept();
    switch (result?.type) {
      case 'incomplete':
        return result;
      case 'rolled_back':
        return this.facts.undone(result.why, null);
      case 'rebooted':
        return this.facts.undone(bootedText, null);
      case 'too_late': {
        const standing = isAgain ? 'open' : await this.#standing(shell, true);
        if (typeof standing !== 'string') return standing;
        throw new LostError(result.message);
      }
      default:
        if (result?.type === 'failed') this.facts.why = result.message;
        throw new LostError('it does not say what became of its confirm window');
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(Math.max(0, ms), undefined, { signal: this.#options.leaving });
  }
}

const bootedText = 'the host was booted in its confirm window';
