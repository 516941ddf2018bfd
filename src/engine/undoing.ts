import type { LegError } from './leg-options.ts';

/** Hosts that were left in their confirm windows, and by when they undo what is in them. */
export class Undoing {
  readonly #byHost = new Map<string, string>();

  /** Gives why the host ended, for people. */
  note(host: string, withinSeconds: number, error: LegError | null): LegError {
    const by = clock(new Date(Date.now() + withinSeconds * 1000));
    this.#byHost.set(host, by);
    return (
      error ?? {
        message: `left in its confirm window: it undoes its change by ${by}`,
        hint: 'xpush status tells when it has',
      }
    );
  }

  /** In a line; null: there are none. */
  inWords(): string | null {
    if (this.#byHost.size === 0) return null;
    const hosts = [...this.#byHost].map(([host, by]) => `${host} by ${by}`);
    return `Left in their confirm windows, and undoing their changes by themselves: ${hosts.join(', ')}.`;
  }
}

/** The operator's own time of day, in full seconds. */
function clock(time: Date): string {
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
