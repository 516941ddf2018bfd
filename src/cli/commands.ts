import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { completion } from './completion.ts';
import { confirm } from './confirm.ts';
import { convert } from './convert.ts';
import { doctor } from './doctor.ts';
import { exec } from './exec.ts';
import { facts } from './facts.ts';
import { hostkeys } from './hostkeys.ts';
import { importHosts } from './import.ts';
import { init } from './init.ts';
import { inventory } from './inventory.ts';
import { lint } from './lint.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';
import { rollback } from './rollback.ts';
import { runCommand } from './run-command.ts';
import { runs } from './runs.ts';
import { status } from './status.ts';
import { steps } from './steps.ts';
import { verify } from './verify.ts';

/** Every command, in the order in which help shows them. */
export const commands: readonly Command[] = [
  init,
  apply,
  plan,
  runCommand,
  exec,
  status,
  confirm,
  rollback,
  verify,
  doctor,
  hostkeys,
  remove,
  facts,
  importHosts,
  convert,
  inventory,
  lint,
  steps,
  runs,
  completion,
];

/** The word that a command is called by. */
export function nameOf({ usage }: Pick<Command, 'usage'>): string {
  return usage.split(' ')[0] ?? '';
}
