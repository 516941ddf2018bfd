import { setTimeout as pause } from 'node:timers/promises';
import type { Section, Sections } from '../host/look-part.ts';
import type { WindowPlan } from '../host/window.ts';
import {
  readArm,
  readDecision,
  readHealth,
  readLock,
  readWindow,
} from '../host/window-sections.ts';
import type { Activity } from './events.ts';
import { type Health, type HealthPlan, lostHealth } from './health.ts';
import type { HostContact } from './host-contact.ts';
import { type ActResult, type HostShell, LostError } from './host-shell.ts';
import type { LegOptions } from './leg-options.ts';
import { readRefusal, type WindowEnd } from './window-end.ts';
import {
  decideWindow,
  followWindow,
  lookAtWindows,
  openWindow,
  pingFrom,
  type SectionWatcher,
} from './window-shell.ts';

/** What a window is about. */
export interface WindowWork {
  readonly plan: WindowPlan;
  readonly health: HealthPlan;
}

export interface WindowOptions extends Pick<LegOptions, 'reach' | 'stopping' | 'leaving'> {
  /** A change begins on the host. */
  readonly onBegin: (id: string) => void;
  readonly tell: (doing: Activity['doing']) => void;
}

/** A host that is armed and says nothing for so long is asked over a new connection; then for longer. */
const silenceMs = 3_000;
const longestSilenceMs = 20_000;

/** The host knows best when its time is over: nobody tries to confirm in the last moment. */
const marginMs = 2_000;

/** How long after its deadline an armed host is waited for. */
const graceMs = 10_000;

/** An undo that has begun is tried three times, against locks of others. */
const rollingMs = 60_000;

const reachMs = 1_000;
const againMs = 300;

/** One confirm window on one host, from arming to the decision, over as many connections as it takes. */
export class WindowRun {
  readonly results = new Map<string, ActResult>();
  /** What the host wants people to know. */
  readonly notes: string[] = [];
  readonly #contact: HostContact;
  readonly #work: WindowWork;
  readonly #options: WindowOptions;
  readonly #watcher: SectionWatcher;
  #before: Health = { pings: new Map(), probes: [] };
  #silenceMs = silenceMs;
  #sentAt: number | null = null;
  #isArmed = false;
  #appliedAt: number | null = null;
  /** When the host decides by itself at the latest. */
  #deadline = Number.POSITIVE_INFINITY;
  #why: string | null = null;

  constructor(contact: HostContact, work: WindowWork, options: WindowOptions) {
    this.#contact = contact;
    this.#work = work;
    this.#options = options;
    this.#watcher = {
      onBegin: (id) => {
        if (isAct(id)) options.onBegin(id);
      },
      onEnd: (id, section) => this.#keep(id, section),
    };
  }

  /** Until the host undoes by itself what was sent to it; null: nothing was, or it is decided. */
  get secondsLeft(): number | null {
    if (this.#sentAt === null) return null;
    return Math.max(0, Math.ceil((this.#deadline - performance.now()) / 1000));
  }

  /** Opens it in this shell and sees it through, over new connections of the contact. */
  async finish(shell: HostShell): Promise<WindowEnd> {
    this.#before = { pings: new Map(), probes: await this.#reach() };
    if (this.#options.stopping.aborted) return { type: 'stopped' };
    const opened = await this.#open(shell);
    const end = opened === 'applied' ? await this.#confirm() : opened;
    this.#sentAt = null;
    return end;
  }

  async #open(shell: HostShell): Promise<WindowEnd | 'applied'> {
    const { plan } = this.#work;
    this.#sentAt = performance.now();
    this.#deadline = this.#sentAt + (plan.applySeconds + plan.confirmSeconds) * 1000;
    try {
      const sections = await openWindow(shell, plan, silenceMs, this.#watcher);
      return readRefusal(sections) ?? this.#ended(sections);
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
      this.#why = error.message;
      return await this.#ask((again) => this.#follow(again));
    }
  }

  /** How the changes ended. Throws `LostError` when the host did not say. */
  #ended(sections: Sections): WindowEnd | 'applied' {
    const result = readWindow(sections);
    if (result === null) throw new LostError('it does not say how its changes ended');
    if (result.type === 'incomplete') return result;
    if (result.type === 'rolled_back') return this.#undone(result.why, null);
    this.#why = null;
    this.#appliedAt ??= performance.now();
    this.#deadline = performance.now() + result.secondsLeft * 1000;
    return 'applied';
  }

  /** After a lost line: listens on, from the first change. */
  async #follow(shell: HostShell): Promise<WindowEnd | 'applied'> {
    const standing = await this.#standing(shell);
    if (typeof standing !== 'string') return standing;
    this.#silenceMs = Math.min(2 * this.#silenceMs, longestSilenceMs);
    const { plan } = this.#work;
    return this.#ended(await followWindow(shell, plan, this.#silenceMs, this.#watcher));
  }

  /** Comes back over a new connection, sees whether all is well, and confirms. */
  async #confirm(): Promise<WindowEnd> {
    this.#options.tell('confirm');
    const leftMs = this.#deadline - performance.now();
    const until = this.#deadline - Math.min(marginMs, leftMs / 4);
    const end = await this.#contact.comeBack(until, (shell) => this.#judge(shell, until));
    if (end !== null) return end;
    this.#options.tell('undo');
    this.#why ??= `the controller did not get in again: ${this.#contact.why}`;
    return await this.#ask((shell) => this.#giveUp(shell));
  }

  async #judge(shell: HostShell, until: number): Promise<WindowEnd> {
    const standing = await this.#standing(shell);
    if (typeof standing !== 'string') return standing;
    for (;;) {
      const lost = lostHealth(this.#work.health, this.#before, await this.#health(shell));
      if (lost.length === 0) break;
      this.#why = lost.join('; ');
      if (performance.now() + againMs > until) return await this.#decide(shell, 'undo', this.#why);
      await this.#pause(againMs);
    }
    this.#why = null;
    return await this.#decide(shell, 'confirm', '');
  }

  /** It was not confirmed in time: what is not undone yet is undone now. */
  async #giveUp(shell: HostShell): Promise<WindowEnd> {
    const standing = await this.#standing(shell);
    if (typeof standing !== 'string') return standing;
    return await this.#decide(shell, 'undo', this.#why ?? 'not confirmed in time');
  }

  /** Asks over new connections, until it is of no use any more. */
  async #ask<Answer>(
    ask: (shell: HostShell) => Promise<Answer>,
  ): Promise<Answer | Extract<WindowEnd, { type: 'unheard' }>> {
    for (;;) {
      // the deadline may come to be known better on the way
      const answer = await this.#contact.comeBack(this.#giveUpAt, ask);
      if (answer !== null) return answer;
      const leftMs = this.#giveUpAt - performance.now();
      if (leftMs <= 0) return this.#unheard(this.#contact.why);
      // it does not let us in: only the undo, if anything, changes that
      const untilUndoneMs = this.#deadline + 1000 - performance.now();
      await this.#pause(untilUndoneMs > 0 ? untilUndoneMs : Math.min(leftMs, 4_000));
    }
  }

  /** How the window stands; waits for the end of what the host is about. */
  async #standing(shell: HostShell): Promise<WindowEnd | 'open'> {
    const { plan } = this.#work;
    for (;;) {
      const { pending, last } = await lookAtWindows(shell);
      const ended = last?.id === plan.id ? last : null;
      if (ended?.outcome === 'incomplete') {
        return { type: 'incomplete', why: ended.why, parts: [] };
      }
      if (ended?.outcome === 'rolled_back') return this.#undone(ended.why, ended.secondsAgo);
      if (pending?.id !== plan.id) {
        if (ended !== null) return { type: 'confirmed' };
        if (!this.#isArmed) return { type: 'lost', why: this.#why ?? this.#contact.why };
        return this.#unheard('it knows nothing of its confirm window any more');
      }
      this.#isArmed = true;
      if (pending.hasRebooted) return await this.#decide(shell, 'undo', bootedText);
      if (pending.state === 'armed' || pending.state === 'applied') {
        this.#deadline = performance.now() + pending.secondsLeft * 1000;
        return 'open';
      }
      // whoever was putting files into place may be gone
      if (pending.state === 'confirmed') return await this.#decide(shell, 'confirm', '');
      if (performance.now() > this.#giveUpAt + rollingMs) {
        return this.#unheard('it is still undoing its changes');
      }
      await this.#pause(againMs);
    }
  }

  /** Throws `LostError` when nothing was decided. */
  async #decide(shell: HostShell, decision: 'confirm' | 'undo', why: string): Promise<WindowEnd> {
    const { plan } = this.#work;
    const asked = { id: plan.id, decision, why, identity: plan.identity };
    const result = readDecision(await decideWindow(shell, plan, asked, this.#watcher));
    switch (result?.type) {
      case 'confirmed':
      case 'incomplete':
        return result;
      case 'rolled_back':
        return this.#undone(result.why, null);
      case 'rebooted':
        return this.#undone(bootedText, null);
      case 'too_late': {
        const standing = await this.#standing(shell);
        if (typeof standing !== 'string') return standing;
        throw new LostError(result.message);
      }
      default:
        this.#why = result?.type === 'failed' ? result.message : this.#why;
        throw new LostError('it does not say what became of its confirm window');
    }
  }

  async #health(shell: HostShell): Promise<Health> {
    const { pings } = this.#before;
    const alive = [...pings].flatMap(([address, isAlive]) => (isAlive ? [address] : []));
    const [probes, answers] = await Promise.all([this.#reach(), pingFrom(shell, alive)]);
    return { pings: answers, probes };
  }

  async #reach(): Promise<Health['probes']> {
    const probes = this.#work.health.probes.map(({ probe }) => probe);
    return probes.length === 0 ? [] : await this.#options.reach(probes, reachMs);
  }

  #keep(id: string, section: Section): void {
    if (id === 'lock' || id === 'arm') this.#note(id, section);
    else if (id === 'health') {
      this.#before = { ...this.#before, pings: readHealth(new Map([[id, section]])) };
    } else if (isAct(id)) {
      this.results.set(id, { status: section.status, output: section.body });
    }
  }

  #note(id: string, section: Section): void {
    if (id === 'arm' && section.status === 0) this.#isArmed = true;
    const sections = new Map([[id, section]]);
    const result = id === 'lock' ? readLock(sections) : readArm(sections);
    if (result !== null && 'note' in result && result.note !== null) this.notes.push(result.note);
  }

  /** The host says just that it was not confirmed; here it is known why. */
  #undone(said: string, secondsAgo: number | null): WindowEnd {
    const since = this.#appliedAt;
    const why = since === null ? said : (this.#why ?? said);
    const agoMs = (secondsAgo ?? 0) * 1000;
    const afterSeconds =
      since === null ? null : Math.max(0, Math.round((performance.now() - since - agoMs) / 1000));
    return { type: 'undone', why, afterSeconds };
  }

  #unheard(why: string): Extract<WindowEnd, { type: 'unheard' }> {
    const seconds = Math.round((performance.now() - (this.#sentAt ?? 0)) / 1000);
    return { type: 'unheard', seconds, why };
  }

  get #giveUpAt(): number {
    return this.#deadline + graceMs;
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#options.leaving });
  }
}

const bootedText = 'the host was booted in its confirm window';

/** Acts have numbers for ids, all other sections names. */
function isAct(id: string): boolean {
  return /^\d/.test(id);
}
