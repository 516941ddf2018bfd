import { type Addition, growInventory } from '../inventory/grow-inventory.ts';
import type { Inventory } from '../inventory/model.ts';
import { wordsOf } from '../playbook/judge.ts';
import { toNode } from '../source/source-node.ts';
import { type Place, SourceText } from '../source/source-text.ts';
import type { FleetAddition } from '../steps/step.ts';

/** Adds to the fleet what a task says; gives why that can't be, null: it is done. */
export type AddToFleet = (additions: readonly FleetAddition[], place?: Place) => string | null;

/** The fleet of a run, with what its tasks add to it. */
export class GrowingFleet {
  readonly #base: Inventory;
  #inventory: Inventory;
  #hosts: readonly Addition[] = [];
  /** Of each host, as they come: which of them is first is chance. */
  readonly #members = new Map<string, Addition[]>();

  constructor(inventory: Inventory) {
    this.#base = inventory;
    this.#inventory = inventory;
  }

  /** With the hosts that were added by now. */
  get inventory(): Inventory {
    return this.#inventory;
  }

  /** The groups that hosts put themselves into are for the plays behind (`settle`). */
  add(host: string, additions: readonly FleetAddition[], place: Place = nowhere): string | null {
    const members = additions.flatMap((one): Addition[] =>
      one.kind === 'member' ? [{ ...one, host, place }] : [],
    );
    this.#members.set(host, [...(this.#members.get(host) ?? []), ...members]);
    const hosts = additions.flatMap((one): Addition[] =>
      one.kind === 'host'
        ? [{ ...one, place, entry: one.entry === null ? null : toNode(one.entry, place) }]
        : [],
    );
    if (hosts.length === 0) return null;
    const all = [...this.#hosts, ...hosts];
    const grown = growInventory(this.#base, all);
    if (!grown.ok) return wordsOf(grown.diagnostics);
    this.#hosts = all;
    this.#inventory = grown.value;
    return null;
  }

  /** The same fleet, with what the plays behind make of it. */
  take(inventory: Inventory): void {
    this.#inventory = inventory;
  }

  /** The fleet that the plays behind see. What is wrong with it is left out, and told. */
  settle(): { readonly problem: string | null } {
    const order = [...this.#inventory.hosts.keys()];
    const members = order.flatMap((name) => this.#members.get(name) ?? []);
    const grown = growInventory(this.#base, [...this.#hosts, ...members]);
    if (grown.ok) this.#inventory = grown.value;
    return { problem: grown.ok ? null : wordsOf(grown.diagnostics) };
  }
}

const nowhere: Place = { source: new SourceText('playbook', ''), start: 0, end: 0 };
