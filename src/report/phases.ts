import {
  Listr,
  type ListrEventManager,
  ListrEventType,
  type ListrRenderer,
  type ListrTaskObject,
} from 'listr2';
import type { Phase } from '../engine/events.ts';

/** A phase as listr2 holds it: title, state and how long it took. */
export type PhaseTask = ListrTaskObject<unknown, typeof PhaseRenderer, typeof PhaseRenderer>;

/** Where phases are drawn. */
export interface PhaseBoard {
  begin(task: PhaseTask): void;
  change(): void;
  end(task: PhaseTask): void;
}

// More than these are no phases: rows are for the fleet.
const MOST_PHASES = 10;

/** The phases of a run, each a task of listr2 that lasts from its first event to its last. */
export class Phases {
  readonly #board: PhaseBoard;
  readonly #open = new Map<string, (hasFailed: boolean) => void>();
  readonly #runs: Promise<unknown>[] = [];

  constructor(board: PhaseBoard) {
    this.#board = board;
  }

  note({ name, status }: Phase): void {
    if (status !== 'start') this.#end(name, status === 'failed');
    else if (!this.#open.has(name) && this.#runs.length < MOST_PHASES) this.#start(name);
  }

  /** Phases that nobody ended are over too. */
  async close(): Promise<void> {
    for (const name of [...this.#open.keys()]) this.#end(name, false);
    await Promise.all(this.#runs);
  }

  #start(name: string): void {
    const lasts = new Promise<void>((resolve, reject) => {
      this.#open.set(name, (hasFailed) => (hasFailed ? reject(new Error(name)) : resolve()));
    });
    const phase = new Listr(
      { title: name, task: () => lasts },
      {
        renderer: PhaseRenderer,
        rendererOptions: { board: this.#board },
        fallbackRendererCondition: false,
        // Ours to answer, and its way is to leave at once.
        registerSignalListeners: false,
        exitOnError: false,
      },
    );
    this.#runs.push(phase.run());
  }

  #end(name: string, hasFailed: boolean): void {
    this.#open.get(name)?.(hasFailed);
    this.#open.delete(name);
  }
}

/** Draws a phase on the board: listr2 knows the state of each, and when to draw it anew. */
class PhaseRenderer implements ListrRenderer {
  static nonTTY = true;
  static rendererOptions: { readonly board: PhaseBoard };
  static rendererTaskOptions: never;
  readonly #tasks: readonly PhaseTask[];
  readonly #board: PhaseBoard;
  readonly #events: ListrEventManager;

  constructor(
    tasks: PhaseTask[],
    options: (typeof PhaseRenderer)['rendererOptions'],
    events: ListrEventManager,
  ) {
    this.#tasks = tasks;
    this.#board = options.board;
    this.#events = events;
  }

  render(): void {
    for (const task of this.#tasks) this.#board.begin(task);
    this.#events.on(ListrEventType.SHOULD_REFRESH_RENDER, () => this.#board.change());
  }

  end(): void {
    for (const task of this.#tasks) this.#board.end(task);
  }
}
