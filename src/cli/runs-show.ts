import type { RunEvent } from '../engine/events.ts';
import { exitCodes } from '../engine/exit-code.ts';
import type { RunRecording } from '../records/read-run.ts';
import type { RunHead } from '../records/run-head.ts';
import { createReporter, type OutputForm } from '../report/reporter.ts';
import { writeReportFile } from './report-file.ts';
import { isResumable, quotedWord, resumeCommand } from './resume-command.ts';
import { commandOf, endOf, environmentOf } from './runs-list.ts';

interface Shown {
  readonly form: OutputForm;
  readonly diff: boolean;
  readonly verbose: number;
  /** A file for the page. */
  readonly report: string | undefined;
}

/** Commands without `--limit`, or whose hosts are to stay together. */
const namesItsHosts: ReadonlySet<string> = new Set(['plan', 'remove']);

/** Shows a run again, from its record; gives what went wrong with the report, or null. */
export async function showRun(
  recording: RunRecording,
  { form, diff, verbose, report }: Shown,
): Promise<string | null> {
  const { stdout, stderr } = process;
  let failure: string | null = null;
  const reporter = createReporter({
    ...{ form, diff, verbose, stdout, stderr },
    env: { TERM: 'dumb' }, // what is over is not drawn as it goes
    resume: () => resumeOf(recording.head),
    takesLimit: !namesItsHosts.has(recording.head.command),
    ...(report === undefined
      ? {}
      : {
          writePage: async (page: AsyncIterable<string>) => {
            failure = await writeReportFile(report, page);
          },
        }),
  });
  const { head, events, state, remarks } = recording;
  const last = events.at(-1)?.at ?? 0;
  const say = (level: 'info' | 'warning', text: string): void =>
    reporter.emit({ event: 'message', level, host: null, text }, 0);

  say('info', `Run ${head.run.id} by ${head.run.by}, ${head.run.since}, in ${head.directory}:`);
  say('info', `  ${commandOf(head)}`);
  for (const remark of remarks) say('warning', `The record is damaged: ${remark}.`);
  for (const { event, at } of events) reporter.emit(event, at);
  if (!events.some(({ event }) => event.event === 'run_end')) {
    say('warning', `The run left no end: ${endOf(recording)}.`);
    // What is known of it is summed up all the same, unless there may be more.
    if (state === 'killed') reporter.emit(killed(last), last);
  }
  await reporter.close();
  return failure;
}

/** null: no command line goes on with it, or the record has not all of its words. */
function resumeOf(head: RunHead): string | null {
  const { command, check, arguments: words, environment, directory, run } = head;
  const isWhole =
    isResumable(words) && !Object.values(environment).some((word) => /(?:^|=)\*{3}$/.test(word));
  if (command !== 'apply' || check || !isWhole) return null;
  const line = `${environmentOf(head, process.env)}${resumeCommand(words, run.id)}`;
  return directory === process.cwd() ? line : `cd ${quotedWord(directory)} && ${line}`;
}

function killed(seconds: number): RunEvent {
  return { event: 'run_end', seconds, exit: exitCodes.interrupted, interrupted: true };
}
