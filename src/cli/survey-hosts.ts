import type * as v from 'valibot';
import type { Endpoint } from '../connection/index.ts';
import { exitCodes } from '../engine/exit-code.ts';
import { type Surveyed, survey } from '../engine/survey.ts';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { type connectingEntries, prepareWay } from './connecting.ts';
import { listenForInterrupts } from './interrupts.ts';

/** Several surveys over one way to connect. */
export interface Surveyor {
  /** As `survey` of the engine. */
  readonly look: (
    hosts: readonly Host[],
    queriesOf: (host: Host, known: HostState) => readonly Query[],
  ) => Promise<ReadonlyMap<string, Surveyed>>;
  /** Whether an interrupt came. */
  readonly wasInterrupted: () => boolean;
  /** Aborted when one comes. */
  readonly stopping: AbortSignal;
}

type ConnectingOptions = v.InferOutput<v.ObjectSchema<typeof connectingEntries, undefined>>;

/**
 * Lets `work` look at hosts of an inventory, with progress on a terminal and interrupts heard.
 * `endpointOf` may lead to hosts that the inventory does not know the way to.
 * Throws `ConfigError` when the files that say how to connect are wrong: nobody is contacted then.
 */
export async function withSurveyor<Result>(
  options: ConnectingOptions,
  inventory: Inventory,
  hosts: readonly Host[],
  work: (surveyor: Surveyor) => Promise<Result>,
  endpointOf: ((host: Host, usual: (host: Host) => Endpoint) => Endpoint) | null = null,
): Promise<Result> {
  const way = await prepareWay(options, inventory, hosts, (text) =>
    say(`warning: ${escapeControls(text)}`),
  );
  using interrupts = listenForInterrupts((times) => {
    say(times === 1 ? 'Interrupted: no new hosts. Again to leave now.' : 'Leaving.');
  });
  const { stopping, leaving } = interrupts;
  try {
    return await work({
      wasInterrupted: () => stopping.aborted,
      stopping,
      look: async (chosen, queriesOf) => {
        const progress = new Progress(chosen.length);
        try {
          return await survey({
            hosts: chosen,
            queriesOf,
            transport: way.transport,
            endpointOf: (host) =>
              endpointOf === null ? way.endpointOf(host) : endpointOf(host, way.endpointOf),
            forks: options.forks,
            stopping,
            leaving,
            onHost: () => progress.advance(),
          });
        } finally {
          progress.clear();
        }
      },
    });
  } finally {
    if (leaving.aborted) process.exit(exitCodes.interrupted); // open connections would hold the process
    await way.transport.close();
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
