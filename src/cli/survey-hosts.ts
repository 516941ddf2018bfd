import type { Endpoint, RunTransport } from '../connection/index.ts';
import { endpointOf } from '../engine/endpoint.ts';
import { exitCodes } from '../engine/exit-code.ts';
import { type Surveyed, survey } from '../engine/survey.ts';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { type Examining, prepareWay } from './connecting.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { listenForInterrupts } from './interrupts.ts';
import type { SecretsGiven } from './secret-options.ts';

/** A way to hosts, and looks at them. */
export interface Surveyor {
  readonly transport: RunTransport;
  /** Aborted by the first interrupt. */
  readonly stopping: AbortSignal;
  /** Aborted by the second. */
  readonly leaving: AbortSignal;
  /** How a host of an inventory is reached with the options of the command line. */
  readonly endpointOf: (host: Host, inventory: Inventory) => Endpoint;
  /** As `survey` of the engine, with progress on a terminal. */
  readonly look: (
    hosts: readonly Host[],
    queriesOf: (host: Host, known: HostState) => readonly Query[],
  ) => Promise<ReadonlyMap<string, Surveyed>>;
}

/**
 * Lets `work` look at hosts: these, or others that are reached by way of the inventory's. Interrupts
 * are heard from here on. Throws `ConfigError` when the files that say how to connect are wrong:
 * nobody is contacted then.
 */
export async function withSurveyor<Result>(
  options: ConnectingOptions & SecretsGiven,
  inventory: Inventory,
  hosts: readonly Host[],
  work: (surveyor: Surveyor) => Promise<Result>,
  examining: Examining = {},
): Promise<Result> {
  const warn = (text: string): void => say(`warning: ${escapeControls(text)}`);
  const { transport, overrides } = await prepareWay(options, inventory, hosts, warn, examining);
  using interrupts = listenForInterrupts((times) => {
    say(times === 1 ? 'Interrupted: no new hosts. Again to leave now.' : 'Leaving.');
  });
  const { stopping, leaving } = interrupts;
  const surveyor: Surveyor = {
    ...{ transport, stopping, leaving },
    endpointOf: (host, within) => endpointOf(host, within, overrides),
    look: async (chosen, queriesOf) => {
      const progress = new Progress(chosen.length);
      try {
        return await survey({
          ...{ hosts: chosen, queriesOf, transport, stopping, leaving },
          endpointOf: (host) => endpointOf(host, inventory, overrides),
          forks: options.forks,
          onHost: () => progress.advance(),
        });
      } finally {
        progress.clear();
      }
    },
  };
  try {
    return await work(surveyor);
  } finally {
    if (leaving.aborted) process.exit(exitCodes.interrupted); // open connections would hold the process
    await transport.close();
  }
}

const { TERM } = process.env;
const clearLine = '\r\x1b[K';
const leastMsBetween = 125;

/** How many hosts were looked at, on a terminal. */
class Progress {
  readonly #total: number;
  readonly #isShown = process.stderr.isTTY === true && TERM !== 'dumb';
  #done = 0;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(total: number) {
    this.#total = total;
    this.#show();
  }

  advance(): void {
    this.#done += 1;
    this.#show();
  }

  clear(): void {
    if (this.#isShown) process.stderr.write(clearLine);
  }

  #show(): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#shownAt < leastMsBetween) return;
    this.#shownAt = now;
    process.stderr.write(`${clearLine}Looked at ${this.#done} of ${this.#total} hosts`);
  }
}

function say(text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? clearLine : ''}${text}\n`);
}
