import type { FlightLevel } from './first-flight.ts';
import type { Target } from './target.ts';

/** How much is sent ahead to the hosts of a run: one that has refused it is sent less from then on. */
export class FlightMemory {
  readonly #levels = new Map<string, FlightLevel>();
  readonly #first: FlightLevel;

  /** @param first how much is tried with a host that has not refused it */
  constructor(first: FlightLevel) {
    this.#first = first;
  }

  levelFor(target: Target): FlightLevel {
    return this.#levels.get(idOf(target)) ?? this.#first;
  }

  refused(target: Target, nextLevel: FlightLevel): void {
    this.#levels.set(idOf(target), nextLevel);
  }
}

function idOf({ host, port, user, via }: Target): string {
  return JSON.stringify([host, port, user, via]);
}
