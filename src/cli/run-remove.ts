import * as v from 'valibot';
import { projectSteps } from '../playbook/project-steps.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { steps } from '../steps/index.ts';
import { leaving } from '../steps/leaving.ts';
import { carryOut } from './carry-out.ts';
import { hostsOfArguments } from './host-arguments.ts';
import type { RemoveOptions } from './remove.ts';

/** Does what `xpush remove` is for, and gives the exit code. */
export async function runRemove(options: RemoveOptions): Promise<number> {
  const inventory = hostsOfArguments(options.host);
  const own = projectSteps(process.cwd());
  if (!own.ok) throw new ConfigError(own.diagnostics);
  const all = [...steps, ...own.value.map(({ step }) => step)];
  const tasks = leaving(all).map((step) => ({
    name: step.name,
    step,
    params: step.canLeave ? v.parse(step.params, {}) : {},
  }));
  const play = { name: 'Remove', tasks };
  return carryOut(
    options,
    {
      inventory,
      plays: [{ play, hosts: new Set(inventory.hosts.keys()) }],
      notes: [],
    },
    { takesLimit: false },
  );
}
