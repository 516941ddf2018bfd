import type { HostEnd, RunEvent, TaskEnd } from '../engine/events.ts';
import { commandLine } from '../engine/records.ts';
import type { Reporter } from '../report/reporter.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { compressNames } from './host-names.ts';

/** What a command came to on one host. */
interface HostResult {
  readonly status: HostEnd['status'];
  /** null: it was not run, or its end is not known. */
  readonly exit: number | null;
  readonly output: string;
  readonly error: HostEnd['error'];
}

/**
 * Shows what one command printed on many hosts when the last of them is done: what is the same is told
 * once, with the hosts that said it.
 */
export class CommandResults implements Reporter {
  readonly #line: string;
  readonly #form: 'text' | 'json';
  readonly #told = new Map<string, Pick<HostResult, 'exit' | 'output'>>();
  /** In the order of the inventory; null: not done yet. */
  readonly #results = new Map<string, HostResult | null>();
  readonly #progress: Reporter | null;
  #exit = 0;

  /** @param progress shows how far it is until then; null: nothing does */
  constructor(argv: readonly string[], form: 'text' | 'json', progress: Reporter | null = null) {
    this.#line = commandLine({ argv });
    this.#form = form;
    this.#progress = progress;
  }

  emit(event: RunEvent): void {
    this.#progress?.emit(event);
    if (event.event === 'run_start') {
      for (const { name } of event.hosts) this.#results.set(name, null);
    }
    if (event.event === 'task') this.#told.set(event.host, this.#read(event));
    if (event.event === 'host_end') {
      const { exit = null, output = '' } = this.#told.get(event.host) ?? {};
      const error = exit === null ? event.error : null;
      this.#results.set(event.host, { status: event.status, exit, output, error });
    }
    if (event.event === 'run_end') this.#exit = event.exit;
    if (event.event === 'message' && event.level === 'warning' && this.#progress === null) {
      const about = event.host === null ? '' : `${event.host}: `;
      process.stderr.write(`warning: ${escapeControls(`${about}${event.text}`)}\n`);
    }
  }

  async close(): Promise<void> {
    await this.#progress?.close();
    if (this.#form === 'json') process.stdout.write(`${JSON.stringify(this.#document())}\n`);
    else this.#show();
  }

  #read({ status, message }: TaskEnd): Pick<HostResult, 'exit' | 'output'> {
    const text = message ?? '';
    if (status === 'changed' || status === 'ok') return { exit: 0, output: text };
    const begin = `${this.#line}: exit status `;
    const [, code, output = ''] = text.startsWith(begin)
      ? (/^(\d+)(?:\n([\s\S]*))?$/.exec(text.slice(begin.length)) ?? [])
      : [];
    return code === undefined ? { exit: null, output: '' } : { exit: Number(code), output };
  }

  #show(): void {
    const groups = new Map<string, { readonly names: string[]; readonly result: HostResult }>();
    for (const [name, result] of this.#ended()) {
      const key = JSON.stringify(result);
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { names: [name], result });
      else known.names.push(name);
    }
    // what most hosts say comes first, and what nobody could say last
    const order = ({ names, result }: { names: string[]; result: HostResult }): number =>
      (result.exit === null ? 1e9 : 0) - names.length;
    for (const { names, result } of [...groups.values()].toSorted((a, b) => order(a) - order(b))) {
      const stream = result.exit === null ? process.stderr : process.stdout;
      stream.write(`${head(names, result)}\n${indented(result)}`);
    }
  }

  #ended(): readonly (readonly [string, HostResult])[] {
    return [...this.#results].flatMap(([name, result]) =>
      result === null ? [] : [[name, result] as const],
    );
  }

  #document() {
    const hosts = this.#ended().map(([name, { status, exit, output, error }]) => {
      return [name, { status, exit, output, error }] as const;
    });
    return { schema: 1, exit: this.#exit, hosts: Object.fromEntries(hosts) };
  }
}

function head(names: readonly string[], { status, exit, error }: HostResult): string {
  const count = names.length === 1 ? '' : `${names.length} hosts: `;
  const ended =
    exit === null
      ? `${status}${error === null ? '' : `: ${escapeControls(error.message)}`}`
      : exit === 0
        ? ''
        : `exit status ${exit}`;
  const hint = exit === null && error?.hint ? `\n  hint: ${escapeControls(error.hint)}` : '';
  return `on ${count}${compressNames(names).join(', ')}:${ended === '' ? '' : ` ${ended}`}${hint}`;
}

function indented({ output }: HostResult): string {
  if (output === '') return '';
  return output
    .split('\n')
    .map((line) => `  ${escapeControls(line)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
