import type { ApplyOptions } from './apply.ts';
import { carryOut } from './carry-out.ts';
import { collectRarely, planSendsLargeFiles, sendsLargeFiles } from './large-files.ts';
import { readWork } from './load-work.ts';
import { plannedWork, readSavedPlan } from './planned-work.ts';
import { resumeCommand } from './resume-command.ts';
import { readRetry } from './retry.ts';
import { secretStore } from './secrets.ts';
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
  const saved = plan === undefined ? null : await readSavedPlan({ file: plan, inventory }, store);
  const argument = saved?.argument ?? inventory;
  if (argument === undefined) {
    throw new UsageError('<inventory> is missing', 'see xpush apply --help');
  }
  const left = retry === undefined ? null : await readRetry(retry, argument);
  const chosen = { limit: limit ?? null, only: left?.hosts ?? null };
  // a check shows them
  const whenSummed = options.check ? 'at once' : 'when needed';
  const work =
    saved === null
      ? await readWork(argument, playbook, chosen, store, whenSummed)
      : plannedWork(saved, chosen);
  if (
    !options.check &&
    (saved === null ? sendsLargeFiles(work) : planSendsLargeFiles(saved.plan))
  ) {
    collectRarely();
  }
  const notes = left === null ? work.notes : [left.note, ...work.notes];
  const resume = options.check ? {} : { resume: resumeCommand(process.argv.slice(2)) };
  const known = left?.left.filter(({ name }) => work.inventory.hosts.has(name));
  const extras = { isVerifying: options.verify, ...resume, left: known };
  return carryOut(options, { ...work, notes }, extras);
}
