import type { FlightLevel, FlightRefusedError } from './first-flight.ts';
import type { Target } from './target.ts';

/** How much is sent ahead to the hosts of a run: one that has refused it is sent less from then on. */
export class FlightMemory {
  readonly #levels = new Map<string, FlightLevel>();
  /** By key: how many hosts have let it in, less those that have refused it. */
  readonly #keys = new Map<string, number>();
  readonly #first: FlightLevel;

  /** @param first how much is tried with a host that has not refused it */
  constructor(first: FlightLevel) {
    this.#first = first;
  }

  /** @param key what will be offered first: one that hosts refuse is better asked about before it signs */
  levelFor(target: Target, key: Buffer | null): FlightLevel {
    const level = this.#levels.get(idOf(target));
    if (level !== undefined) return level;
    return key !== null && this.#scoreOf(key) < 0 ? 'stock' : this.#first;
  }

  landed(key: Buffer | null): void {
    this.#count(key, 1);
  }

  refused(target: Target, key: Buffer | null, { nextLevel, isOfKey }: FlightRefusedError): void {
    this.#levels.set(idOf(target), nextLevel);
    if (isOfKey) this.#count(key, -1);
  }

  #count(key: Buffer | null, change: 1 | -1): void {
    if (key !== null) this.#keys.set(key.toString('base64'), this.#scoreOf(key) + change);
  }

  #scoreOf(key: Buffer): number {
    return this.#keys.get(key.toString('base64')) ?? 0;
  }
}

function idOf({ host, port, user, via }: Target): string {
  return JSON.stringify([host, port, user, via]);
}
