import { createInterface } from 'node:readline/promises';
import type { Play, Task } from '../playbook/model.ts';
import { isHandler, withTasks } from '../playbook/select-tasks.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { InterruptedError } from './interrupts.ts';
import { UsageError } from './usage-error.ts';

/**
 * Asks of each task whether it is to be done: `y`, `n` (also for no answer), or `c` for it and all that
 * follow. Gives the plays with those that are. Throws `UsageError` where there is no terminal, and
 * `InterruptedError` on Ctrl-C.
 */
export async function chooseSteps(plays: readonly Play[]): Promise<readonly Play[]> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new UsageError('--step: there is no terminal to ask on', 'choose by --tags');
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  const chosen = new Set<Task>();
  let isAsking = true;
  try {
    for (const { name, tasks } of plays) {
      for (const task of tasks.filter((one) => !isHandler(one))) {
        const question = `${escapeControls(name)}: ${escapeControls(task.name)} (y/n/c) `;
        const answer = isAsking ? (await reader.question(question)).trim().toLowerCase() : 'y';
        if (/^c/.test(answer)) isAsking = false;
        if (/^[cy]/.test(answer)) chosen.add(task);
      }
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw new InterruptedError();
    throw error;
  } finally {
    reader.close();
  }
  return plays.map((play) => withTasks(play, (task) => chosen.has(task)));
}
