import { isDeepStrictEqual } from 'node:util';
import type { Observation } from '../host/look-program.ts';
import type { Query } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import type { Knowledge } from '../playbook/knowledge.ts';
import type { Foreseen } from './foreseen.ts';
import type { LegTasks } from './leg-tasks.ts';
import { lookAhead } from './look-ahead.ts';
import type { OpenTask } from './open-task.ts';
import { PlanMemory } from './plan-memory.ts';

/**
 * What was seen of a host in a leg, and how far it looks because of that. What was seen before a change that nobody
 * can foretell is no fact any more, but tells what to look at next.
 */
export class LegSight {
  readonly #memory = new PlanMemory();
  #seen: ReadonlyMap<string, Observation> = new Map();
  /** What it became by what was done since. */
  #foretold: ReadonlyMap<string, Observation> = new Map();
  #expected: HostState | null = null;

  /** These answers; where one is what it was, the same as then, so that what was made of it is known. */
  keep(answers: ReadonlyMap<string, Observation>): ReadonlyMap<string, Observation> {
    const before = this.#seen;
    this.#expected = null;
    if (before.size === 0) {
      this.#seen = answers;
      return answers;
    }
    const kept = new Map(
      Array.from(answers, ([key, answer]) => {
        const old = before.get(key);
        return [key, old !== undefined && isDeepStrictEqual(old, answer) ? old : answer] as const;
      }),
    );
    this.#seen = new Map([...before, ...kept]);
    this.#foretold = new Map([...this.#foretold].filter(([key]) => !kept.has(key)));
    return kept;
  }

  /** How tasks are foreseen; a check looks at all at once. */
  foresight(isCheck: boolean) {
    return { isCheck, memory: this.#memory, ...(isCheck ? {} : { ahead: this.ahead }) };
  }

  /** What open tasks ask, as far as they can be planned together. */
  queriesOf(tasks: Pick<LegTasks, 'open' | 'known' | 'queries'>): readonly Query[] {
    return tasks.queries(0, this.ahead(tasks.open, tasks.known));
  }

  /** How many of these tasks to look at, which are the next. */
  readonly ahead = (tasks: readonly OpenTask[], known: Knowledge): number => {
    return this.#seen.size === 0
      ? tasks.length
      : lookAhead(tasks, this.#state, known, this.#memory);
  };

  /** How many of the open tasks to look at once those that are foreseen are done, as they are about to be. */
  behind({ tasks, known, state, isOpen }: Foreseen, open: readonly OpenTask[]): number {
    if (!isOpen) return 0;
    this.#expect(state);
    return this.ahead(open.slice(tasks.length), known);
  }

  /** What tasks make is not looked at, where it is foretold. */
  #expect({ observations }: HostState): void {
    const known = [...observations].filter(
      ([key, one]) => !('outdated' in one) && one !== this.#seen.get(key),
    );
    if (known.length === 0) return;
    this.#foretold = new Map([...this.#foretold, ...known]);
    this.#expected = null;
  }

  get #state(): HostState {
    this.#expected ??= new HostState(new Map([...this.#seen, ...this.#foretold]));
    return this.#expected;
  }
}
