import { Foretold } from './foretold.ts';
import type { GrowingFleet } from './growing-fleet.ts';
import { type LegOptions, usualConfirm } from './leg-options.ts';
import type { PlannedLeg } from './legs.ts';
import { onBehalfOf } from './on-behalf.ts';
import { probeAll } from './probe-all.ts';
import type { RunRequest } from './run-request.ts';
import type { Sequence } from './sequences.ts';
import type { ToldByHosts } from './told.ts';
import { WindowTurns } from './window-turns.ts';

/** domUs of one dom0 in a confirm window at once, unless the play says otherwise. */
const usualWindows = 1;

/** Health checks of one host at once. */
const probesAtOnce = 64;

/** What the legs of a run get from it. */
export class LegSetup {
  readonly #request: RunRequest;
  readonly #fleet: GrowingFleet;
  readonly #told: ToldByHosts;
  readonly #stopping: AbortSignal;
  readonly #turns = new WindowTurns();
  readonly #numbers = new Map<string, number>();
  /** Of a check: what is foreseen of hosts that have legs to come. */
  readonly #foretold = new Map<string, Foretold>();
  /** How many legs are to come, by the host that they are done on. */
  readonly #toCome = new Map<string, number>();
  #isLastStage = true;

  /** @param stopping aborted when no changes are to be begun any more */
  constructor(request: RunRequest, fleet: GrowingFleet, told: ToldByHosts, stopping: AbortSignal) {
    this.#request = request;
    this.#fleet = fleet;
    this.#told = told;
    this.#stopping = stopping;
  }

  /** These legs are to come, and in the last stage no others. */
  expect(legs: readonly PlannedLeg[], isLastStage: boolean): void {
    this.#isLastStage = isLastStage;
    for (const { host, at = host } of legs) {
      this.#toCome.set(at.name, (this.#toCome.get(at.name) ?? 0) + 1);
    }
  }

  /** Once for each leg, as it begins. */
  optionsOf({ host, at = host }: PlannedLeg, sequence: Sequence | undefined): LegOptions {
    const { check, identity, leaving, confirm = usualConfirm } = this.#request;
    const emit = at === host ? this.#request.emit : onBehalfOf(host, at, this.#request.emit);
    const { inventoryWord = 'INVENTORY' } = this.#request;
    const { inventory } = this.#fleet;
    const ofDom0 = sequence?.maxPer.find(({ group }) => group === 'dom0');
    return {
      ...{ inventory, inventoryWord, identity, check, confirm, emit, leaving },
      ...(this.#request.explain === undefined ? {} : { explain: this.#request.explain }),
      ...(this.#request.keepFile === undefined ? {} : { keepFile: this.#request.keepFile }),
      addToFleet: (additions, place) => this.#fleet.add(host.name, additions, place),
      ...(check ? this.#foretoldOf(at.name) : {}),
      known: this.#told.of(host),
      stopping: this.#stopping,
      nextNumber: () => this.#nextNumber(at.name),
      enterWindow: () => this.#turns.enter(at, ofDom0?.most ?? usualWindows),
      reach: (probes, timeoutMs) =>
        probeAll(probes, () => false, {
          most: probesAtOnce,
          timeoutsMs: [timeoutMs, timeoutMs],
          signal: leaving,
          onProbe: () => {},
        }),
    };
  }

  #foretoldOf(host: string): Pick<LegOptions, 'foretold'> {
    const before = this.#foretold.get(host);
    const left = (this.#toCome.get(host) ?? 1) - 1;
    this.#toCome.set(host, left);
    if (left === 0 && this.#isLastStage) {
      this.#foretold.delete(host); // plans hold the files of a host
      return before === undefined ? {} : { foretold: before };
    }
    const foretold = before ?? new Foretold();
    this.#foretold.set(host, foretold);
    return { foretold };
  }

  #nextNumber(host: string): number {
    const number = (this.#numbers.get(host) ?? 0) + 1;
    this.#numbers.set(host, number);
    return number;
  }
}
