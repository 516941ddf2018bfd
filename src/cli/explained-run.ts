import type { HostEnd, RunEvent } from '../engine/events.ts';
import type { ExplainedSegment } from '../engine/explain-leg.ts';
import type { Reporter } from '../report/reporter.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { compressNames } from './host-names.ts';
import { redactor } from './redaction.ts';
import { wrapped } from './table.ts';

/** Shows how a run would be carried out: the segments of each host, alike ones together. */
export class ExplainedRun implements Reporter {
  readonly #isJson: boolean;
  readonly #segments = new Map<string, ExplainedSegment[]>();
  readonly #ends = new Map<string, Pick<HostEnd, 'status' | 'error'>>();

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  /** A host has one more leg. */
  readonly explain = (host: string, segments: readonly ExplainedSegment[]): void => {
    const known = this.#segments.get(host) ?? [];
    this.#segments.set(host, [...known, ...segments]);
  };

  emit(event: RunEvent): void {
    if (event.event === 'host_end') {
      const { status, error } = event;
      this.#ends.set(event.host, { status, error });
    }
    if (event.event === 'message') {
      const about = event.host === null ? '' : `${event.host}: `;
      const level = event.level === 'warning' ? 'warning: ' : '';
      process.stderr.write(`${level}${escapeControls(`${about}${event.text}`)}\n`);
    }
  }

  async close(): Promise<void> {
    const text = this.#isJson ? `${JSON.stringify(this.#document())}\n` : this.#text();
    process.stdout.write(redactor.redact(text));
    for (const [host, { status, error }] of this.#ends) {
      if (this.#segments.has(host) || error === null) continue;
      process.stderr.write(`${host}: ${status}: ${escapeControls(error.message)}\n`);
    }
  }

  #document() {
    return { schema: 1, hosts: Object.fromEntries(this.#segments) };
  }

  #text(): string {
    const groups = new Map<string, { names: string[]; segments: readonly ExplainedSegment[] }>();
    for (const [name, segments] of this.#segments) {
      const key = JSON.stringify(segments);
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { names: [name], segments });
      else known.names.push(name);
    }
    return [...groups.values()]
      .map(({ names, segments }) => `${headOf(names, segments)}\n${segments.map(lines).join('')}`)
      .join('\n');
  }
}

function headOf(names: readonly string[], segments: readonly ExplainedSegment[]): string {
  const hosts = compressNames(names).join(', ');
  const acting = segments.filter(({ kind }) => kind !== 'look').length;
  const count = acting === 0 ? 'nothing to do' : acting === 1 ? '1 segment' : `${acting} segments`;
  return `${hosts}: ${count}`;
}

const kinds: Readonly<Record<ExplainedSegment['kind'], string>> = {
  look: 'nothing to do',
  act: 'changes',
  window: 'confirm window',
};

function lines({ kind, tasks, isSure, ends }: ExplainedSegment, index: number): string {
  const columns = process.stdout.columns ?? 100;
  const what = `  ${index + 1}. ${kinds[kind]}${isSure ? '' : ', as things stand'}: `;
  const names = escapeControls(tasks.join(', ') || 'no task');
  const first = `${wrapped(`${what}${names}`, 5, columns)}\n`;
  return ends === null
    ? first
    : `${first}${wrapped(`     ends, as ${escapeControls(ends)}`, 5, columns)}\n`;
}
