import { Writable } from 'node:stream';
import type { RunEvent } from '../../src/engine/events.ts';
import { createReporter, type ReporterOptions } from '../../src/report/reporter.ts';

/** A stream that keeps what is written to it. */
export class Capture extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What a reporter prints for a whole run, on streams that are no terminals. */
export async function report(
  events: readonly RunEvent[],
  options: Partial<ReporterOptions> = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const stdout = new Capture();
  const stderr = new Capture();
  const reporter = createReporter({
    form: 'auto',
    diff: false,
    verbose: 0,
    stdout,
    stderr,
    ...options,
  });

  for (const event of events) reporter.emit(event);
  await reporter.close();

  return { stdout: stdout.text, stderr: stderr.text };
}
