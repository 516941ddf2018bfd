import { answerTo, failureOf } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { DomU, Family, Host, Inventory } from '../inventory/model.ts';
import { dom0Problems, dom0Queries, spoofDropper } from './dom0-way.ts';
import { type FirewallView, firewallQueries, firewallView } from './firewall-cause.ts';
import { guestProblems, guestQueries } from './guest-way.ts';
import { judge, type Verdict } from './judge.ts';
import type { ProbeResult, Subject } from './model.ts';
import { farAddress, type Subjects, subjectsOf } from './subjects.ts';

/** A proof: what to ask of hosts, and what follows from their answers and from probes. */
export class Proof {
  readonly subjects: Subjects;
  readonly #inventory: Inventory;
  readonly #far: Readonly<Record<Family, string | null>>;
  readonly #byHost = new Map<string, Subject[]>();

  constructor(inventory: Inventory, chosen: readonly Host[]) {
    this.#inventory = inventory;
    this.subjects = subjectsOf(inventory, chosen);
    this.#far = { 4: farAddress(inventory, 4), 6: farAddress(inventory, 6) };
    for (const subject of this.subjects.addresses) {
      for (const { name } of [subject.guest, subject.dom0]) {
        const others = this.#byHost.get(name);
        if (others === undefined) this.#byHost.set(name, [subject]);
        else others.push(subject);
      }
    }
  }

  /** What a host is to be asked, given what it has answered. */
  queriesOf(host: Host, known: HostState): readonly Query[] {
    const subjects = this.#byHost.get(host.name) ?? [];
    const farOf = ({ family }: Subject): string | null => this.#far[family];
    if (host.kind === 'domU') return guestQueries(host, subjects, farOf);
    if (host.kind !== 'dom0') return [];
    return [
      ...dom0Queries(subjects, known, farOf),
      ...firewallQueries(host, this.#guestsOf(host.name)),
    ];
  }

  /** Why a host could not tell the way of its packets; null: it could. */
  failureOf(host: Host, state: HostState): string | null {
    const needed = this.queriesOf(host, state).filter(
      ({ kind }) => kind === 'path' || kind === 'interfaces',
    );
    return (
      needed.map((asked) => failureOf(state, asked)).find((failure) => failure !== null) ?? null
    );
  }

  /** The verdict on every address. `stateOf`: null for a host that could not be asked. */
  verdicts(
    stateOf: (host: Host) => HostState | null,
    probesOf: (subject: Subject) => readonly ProbeResult[],
  ): readonly Verdict[] {
    const views = new Map<string, FirewallView | null>();
    return this.subjects.addresses.map((subject) => {
      const { guest, dom0, family } = subject;
      const atDom0 = stateOf(dom0);
      const atGuest = stateOf(guest);
      if (!views.has(dom0.name)) {
        const view = atDom0 === null ? null : firewallView(dom0, this.#guestsOf(dom0.name), atDom0);
        views.set(dom0.name, view);
      }
      const far = this.#far[family];
      const dropper = atDom0 === null ? null : spoofDropper(subject, atDom0);
      return judge({
        subject,
        dom0: atDom0 === null ? null : dom0Problems(subject, atDom0, far),
        guest: atGuest === null ? null : guestProblems(subject, atGuest, far, dropper),
        firewall: views.get(dom0.name) ?? null,
        probes: probesOf(subject),
      });
    });
  }

  #guestsOf(dom0: string): readonly DomU[] {
    return [...this.#inventory.hosts.values()].filter(
      (host): host is DomU => host.kind === 'domU' && host.dom0 === dom0,
    );
  }
}

/** The controller's address as a host sees it; null where the host does not tell. */
export function peerOf(state: HostState | null): string | null {
  const peer = state === null ? null : (answerTo(state, query.session())?.peer ?? null);
  return peer?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? null;
}
