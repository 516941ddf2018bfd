import type { HostStatus, RunEvent } from '../engine/events.ts';
import type { RunSummary } from './run-head.ts';

/** Counts how the hosts of a run end. */
export class HostCounts {
  readonly #statuses = new Map<string, HostStatus | 'not_done'>();
  #end: Extract<RunEvent, { event: 'run_end' }> | null = null;

  note(event: RunEvent): void {
    if (event.event === 'run_start' || event.event === 'hosts_added') {
      for (const { name } of event.hosts) this.#statuses.set(name, 'not_done');
    } else if (event.event === 'host_start') this.#statuses.set(event.host, 'not_done');
    else if (event.event === 'host_end') this.#statuses.set(event.host, event.status);
    else if (event.event === 'run_end') this.#end = event;
  }

  /** How many hosts ended how. */
  get hosts(): RunSummary['hosts'] {
    const hosts = {
      ok: 0,
      changed: 0,
      skipped: 0,
      busy: 0,
      failed: 0,
      unreachable: 0,
      rolled_back: 0,
      needs_human: 0,
      not_done: 0,
    };
    for (const status of this.#statuses.values()) hosts[status] += 1;
    return hosts;
  }

  /** null: the run has not ended. */
  get summary(): RunSummary | null {
    if (this.#end === null) return null;
    const { exit, seconds, interrupted } = this.#end;
    return { schema: 1, exit, seconds, interrupted, hosts: this.hosts };
  }
}
