import { exitCodes } from '../engine/exit-code.ts';
import { type ListedRun, listRuns, matchRuns } from '../records/list-runs.ts';
import { readRun } from '../records/read-run.ts';
import { stateDirectory } from '../records/state-directory.ts';
import { checkReportFile } from './report-file.ts';
import type { RunsOptions } from './runs.ts';
import { runsDocument, runsTable } from './runs-list.ts';
import { showRun } from './runs-show.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush runs` is for, and gives the exit code. */
export async function runRuns({
  show,
  run,
  newest,
  diff,
  output,
  report,
  verbose,
}: RunsOptions): Promise<number> {
  const directory = stateDirectory(process.env);
  if (show === undefined) {
    refuseForList({ output, report });
    return list(directory, newest, output === 'json');
  }
  if (report !== undefined) await checkReportFile(report);
  const recording = await readRun(directory, await idOf(directory, run));
  if (recording === null) throw new UsageError(`the record of run ${run} cannot be read`);
  const form = output === 'auto' ? 'plain' : output;
  const failure = await showRun(recording, { form, diff, verbose, report });
  if (failure === null) return exitCodes.done;
  process.stderr.write(`xpush: ${failure}\n`);
  return exitCodes.failed;
}

function refuseForList({
  output,
  report,
}: {
  readonly output: string;
  readonly report: string | undefined;
}): void {
  if (report !== undefined) throw new UsageError('--report is of one run', 'xpush runs show last');
  if (output === 'ndjson' || output === 'junit') {
    throw new UsageError(`a list of runs has no form ${output}`, 'say -o json');
  }
}

async function list(directory: string, newest: number, isJson: boolean): Promise<number> {
  const listed: ListedRun[] = [];
  for await (const run of listRuns(directory)) {
    if (listed.length === newest) break;
    listed.push(run);
  }
  if (isJson) process.stdout.write(`${JSON.stringify(runsDocument(listed), null, 2)}\n`);
  else if (listed.length === 0) process.stdout.write(`No run is on record in ${directory}.\n`);
  else process.stdout.write(runsTable(listed, process.stdout.columns ?? 120));
  return exitCodes.done;
}

async function idOf(directory: string, word: string): Promise<string> {
  const [id, ...others] = await matchRuns(directory, word);
  if (id === undefined) {
    throw new UsageError(
      word === 'last' ? 'no run is on record' : `no run on record has ${JSON.stringify(word)}`,
      'see xpush runs',
    );
  }
  if (others.length > 0) {
    throw new UsageError(
      `${others.length + 1} runs on record have ${JSON.stringify(word)}`,
      `name one: ${[id, ...others].slice(0, 3).join(', ')}`,
    );
  }
  return id;
}
