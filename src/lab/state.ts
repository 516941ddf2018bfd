import { lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './lab-error.ts';
import type { LabPlan } from './plan.ts';
import type { Privilege } from './privilege.ts';
import type { ProcessId } from './process-id.ts';
import type { Wire } from './wire.ts';

/** What another process needs to take a running lab over. */
export interface LabState {
  readonly schema: 1;
  readonly hub: ProcessId;
  readonly privilege: Privilege;
  /** Without the hosts' files, which are on their disks. */
  readonly plan: LabPlan;
  readonly lastPort: number;
  readonly limits: readonly string[];
  readonly hosts: readonly HostState[];
}

/** What changes of a host from boot to boot. */
export interface HostState {
  readonly name: string;
  readonly hostKey: string;
  /** Null: it is off. */
  readonly id: ProcessId | null;
  readonly wires: readonly Wire[];
  /** Of a dom0: the last domain id given out since its boot. */
  readonly lastDomid: number;
  /** Of a guest: its domain id. */
  readonly domid: number;
}

const FILE = 'lab.json';

/** Stores it in the lab's directory, at once and whole. */
export async function saveState(directory: string, state: LabState): Promise<void> {
  const work = join(directory, `.${FILE}`);
  await writeFile(work, JSON.stringify(state), { mode: 0o600 });
  await rename(work, join(directory, FILE));
}

/** What `saveState` stored. Throws `LabError` when there is none, or the directory is somebody else's. */
export async function loadState(directory: string): Promise<LabState> {
  const info = await lstat(directory).catch(() => null);
  if (info === null) throw new LabError(`there is no lab in ${directory}`);
  if (!info.isDirectory() || info.uid !== process.getuid?.()) {
    throw new LabError(`${directory} is not yours`);
  }
  const text = await readFile(join(directory, FILE), 'utf8').catch(() => null);
  if (text === null) throw new LabError(`${directory} holds no detached lab`);
  const state: LabState = JSON.parse(text);
  if (state.schema !== 1) throw new LabError(`${directory}: another version made this lab`);
  return state;
}
