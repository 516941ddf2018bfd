import type { FlightLevel } from './first-flight.ts';
import type { Target } from './target.ts';

/** How much is sent ahead to the hosts of a run: one that has refused it is sent less from then on. */
export class FlightMemory {
  readonly #levels = new Map<string, FlightLevel>();

  levelFor(target: Target): FlightLevel {
    return this.#levels.get(idOf(target)) ?? 'whole';
  }

  refused(target: Target, nextLevel: FlightLevel): void {
    this.#levels.set(idOf(target), nextLevel);
  }
}

function idOf({ host, port, user, via }: Target): string {
  return JSON.stringify([host, port, user, via]);
}
