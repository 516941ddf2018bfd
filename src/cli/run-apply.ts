import { exitCodes } from '../engine/exit-code.ts';
import type { ApplyOptions } from './apply.ts';
import { carryOut } from './carry-out.ts';
import { ExplainedRun } from './explained-run.ts';
import { collectRarely, planSendsLargeFiles, sendsLargeFiles } from './large-files.ts';
import { playsDocument, playsText } from './list-plays.ts';
import { readPlays, readWork } from './load-work.ts';
import { plannedWork, readSavedPlan } from './planned-work.ts';
import { redactor } from './redaction.ts';
import { resumeCommand } from './resume-command.ts';
import { readRetry } from './retry.ts';
import { secretStore } from './secrets.ts';
import { steeringGiven } from './steering-options.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush apply` is for, and gives the exit code. */
export async function runApply({
  inventory,
  playbook,
  limit,
  retry,
  plan,
  ...options
}: ApplyOptions): Promise<number> {
  const store = secretStore(options);
  if (plan !== undefined && playbook.length > 0) {
    throw new UsageError('--plan says what is done: no playbook with it');
  }
  const listed = {
    hosts: options['list-hosts'],
    tasks: options['list-tasks'],
    tags: options['list-tags'],
  };
  const isListing = Object.values(listed).some((is) => is);
  const steered = steeringGiven(options) ?? (isListing ? 'list-tasks' : null);
  if (plan !== undefined && steered !== null) {
    throw new UsageError(`--plan says what is done: no --${steered} with it`);
  }
  const saved = plan === undefined ? null : await readSavedPlan({ file: plan, inventory }, store);
  const argument = saved?.argument ?? inventory;
  if (argument === undefined) {
    throw new UsageError('<inventory> is missing', 'see xpush apply --help');
  }
  const left = retry === undefined ? null : await readRetry(retry, argument);
  const chosen = { limit: limit ?? null, only: left?.hosts ?? null };
  // a check shows them
  const whenSummed = options.check || options.explain ? 'at once' : 'when needed';
  const given = { inventory: argument, playbook, chosen, steering: options, whenSummed } as const;
  const isJson = options.output === 'json' || options.output === 'ndjson';
  if (isListing) {
    const read = await readPlays(given, store);
    const text = isJson ? `${JSON.stringify(playsDocument(read))}\n` : playsText(read, listed);
    process.stdout.write(redactor.redact(text));
    return exitCodes.done;
  }
  const work = saved === null ? await readWork(given, store) : plannedWork(saved, chosen);
  if (
    whenSummed === 'when needed' &&
    (saved === null ? sendsLargeFiles(work) : planSendsLargeFiles(saved.plan))
  ) {
    collectRarely();
  }
  const notes = left === null ? work.notes : [left.note, ...work.notes];
  const resume = options.check ? {} : { resume: resumeCommand(process.argv.slice(2)) };
  const known = left?.left.filter(({ name }) => work.inventory.hosts.has(name));
  if (options.explain) {
    const reporter = new ExplainedRun(isJson);
    const { explain } = reporter;
    return carryOut({ ...options, check: true }, { ...work, notes }, { reporter, explain });
  }
  const extras = { isVerifying: options.verify, ...resume, left: known };
  return carryOut(options, { ...work, notes }, extras);
}
