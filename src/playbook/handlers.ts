import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt } from '../source/source-text.ts';
import type { Notified } from './inherited.ts';
import type { Handler, Keywords } from './keywords.ts';
import type { Task } from './model.ts';
import type { ReadTask } from './read-task.ts';
import type { ReadItem } from './read-tasks.ts';

type LanguageTask = Task & { readonly keywords: Keywords };

/** The handlers of a play: what tasks notify, and what is done for it at the end. */
export class HandlerBook {
  readonly #handlers: { readonly handler: Handler; readonly read: ReadTask }[] = [];

  /** One more; a later one of the same name takes the place of an earlier one. */
  add(read: ReadTask): void {
    const { name } = read.task;
    const handler = { name, topics: read.listens };
    const earlier = this.#handlers.findIndex((one) => one.handler.name === name);
    if (earlier < 0) this.#handlers.push({ handler, read });
    else this.#handlers[earlier] = { handler, read };
  }

  /** All handlers, as tasks. Gives what is wrong with what they notify. */
  get tasks(): Result<readonly LanguageTask[]> {
    return this.#linked(this.#handlers.map(({ handler, read }) => this.#link(read, handler)));
  }

  /** The tasks of a play in order, each tied to the handlers that it notifies; `flush` runs them. */
  layOut(items: readonly ReadItem[]): Result<readonly LanguageTask[]> {
    const handlers = this.tasks;
    const linked = items.map((item): Result<readonly LanguageTask[]> => {
      if ('flush' in item) return handlers.ok ? handlers : { ok: true, value: [] };
      const task = this.#link(item, null);
      return task.ok ? { ok: true, value: [task.value] } : task;
    });
    const diagnostics = [handlers, ...linked].flatMap((one) => (one.ok ? [] : one.diagnostics));
    return diagnostics.length > 0
      ? { ok: false, diagnostics }
      : { ok: true, value: linked.flatMap((one) => (one.ok ? one.value : [])) };
  }

  #linked(tasks: readonly Result<LanguageTask>[]): Result<readonly LanguageTask[]> {
    const diagnostics = tasks.flatMap((one) => (one.ok ? [] : one.diagnostics));
    return diagnostics.length > 0
      ? { ok: false, diagnostics }
      : { ok: true, value: tasks.flatMap((one) => (one.ok ? [one.value] : [])) };
  }

  #link({ task, notifies }: ReadTask, handler: Handler | null): Result<LanguageTask> {
    const found = notifies.map((one) => this.#find(one));
    const diagnostics = found.flatMap((one) => (one.ok ? [] : one.diagnostics));
    if (diagnostics.length > 0) return { ok: false, diagnostics };
    const notify = [...new Set(found.flatMap((one) => (one.ok ? one.value : [])))];
    if (notify.length === 0 && handler === null) return { ok: true, value: task };
    return { ok: true, value: { ...task, keywords: { ...task.keywords, notify, handler } } };
  }

  #find({ name, place }: Notified): Result<readonly Handler[]> {
    const found = this.#handlers
      .map(({ handler }) => handler)
      .filter((handler) => handler.name === name || handler.topics.includes(name));
    if (found.length > 0) return { ok: true, value: found };
    const known = this.#handlers.flatMap(({ handler }) => [handler.name, ...handler.topics]);
    const hint =
      didYouMean(name, known) ??
      (known.length === 0 ? 'this play has no handlers' : `handlers: ${known.join(', ')}`);
    const diagnostic: Diagnostic = diagnosticAt(place, `there is no handler ${quoted(name)}`, hint);
    return { ok: false, diagnostics: [diagnostic] };
  }
}
