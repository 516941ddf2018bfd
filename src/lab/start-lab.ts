import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweepCgroups } from './cgroup.ts';
import { checkPlan } from './check-plan.ts';
import { Hub, startHub } from './hub.ts';
import type { Lab } from './lab.ts';
import { LabError } from './lab-error.ts';
import type { LabPlan } from './plan.ts';
import { detectPrivilege } from './privilege.ts';
import { isAlive } from './process-id.ts';
import { RunningLab } from './running-lab.ts';
import { loadState } from './state.ts';

/** How a lab is kept. */
export interface LabOptions {
  /** `true`: it outlives this process, until `down`; `attachLab` finds it. Default: it ends with this process, however that ends. */
  readonly detached?: boolean;
  /** Made for the lab; must not be there. Default: a new one among the temporary files. */
  readonly directory?: string;
  /** Default: Xen's own vif-route where it can be had. `stand-in`: ours, in any case. */
  readonly vifScripts?: 'stand-in';
}

/** Starts a lab and resolves when every host is up. Throws `LabError`; then nothing of it is left. */
export async function startLab(plan: LabPlan, options: LabOptions = {}): Promise<Lab> {
  checkPlan(plan);
  const privilege = await detectPrivilege();
  if (privilege === null) throw new LabError('this process may not make namespaces');
  const isStored = options.detached ?? false;
  const directory = await makeDirectory(options.directory);
  let hub: Hub | null = null;
  let lab: RunningLab | null = null;
  try {
    await mkdir(join(directory, 'disks'));
    await sweepCgroups();
    hub = await startHub(directory, privilege, isStored ? 'detached' : 'attached');
    lab = new RunningLab(hub, plan, { isStored, vifScripts: options.vifScripts });
    await lab.up();
    return lab;
  } catch (error) {
    await lab?.release();
    await hub?.stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A detached lab that another process started. Throws `LabError` when there is none in `directory`, or its hub is gone. */
export async function attachLab(directory: string): Promise<Lab> {
  const state = await loadState(directory);
  if (!isAlive(state.hub)) throw new LabError(`the lab in ${directory} has died`);
  const hub = new Hub(state.hub, await realpath(directory), state.privilege, null);
  return new RunningLab(hub, state.plan, { isStored: true, state });
}

async function makeDirectory(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return await mkdtemp(join(await realpath(tmpdir()), 'xpush-lab-'));
  try {
    await mkdir(wanted, { mode: 0o700 });
  } catch (error) {
    throw new LabError(
      `${wanted} can't be made: ${error instanceof Error ? error.message : error}`,
    );
  }
  return await realpath(wanted);
}
