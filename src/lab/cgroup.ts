import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hub } from './hub.ts';
import { mustRun } from './process.ts';
import { isAlive, type ProcessId } from './process-id.ts';

/*
 * Control groups, cgroups(7), are the one thing of a lab that the kernel doesn't clear away with its processes:
 * empty directories stay. So they are named after the hub, and the next lab removes those of hubs that are gone.
 */
const PREFIX = 'xpush-lab-';
/** Where the machine has the unified hierarchy: alone, or beside the old ones. */
const MACHINE_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/** Makes an empty control group for a host; gives its directory as seen from inside the lab. */
export async function makeCgroup(hub: Hub, host: string): Promise<string> {
  const root = `${hub.directory}/disks/cgroup`;
  // It is mounted already after `attachLab`, or by another host that boots beside this one.
  const isThere = '[ -e "$1/cgroup.procs" ]';
  const script = `mkdir -p "$1"; ${isThere} || mount -t cgroup2 lab-cgroup "$1" || ${isThere}`;
  await mustRun(hub.inLab(['sh', '-c', script, 'sh', root]));
  const own = join(nameOf(hub.id), host);
  await mkdir(join(hub.disks, 'cgroup', own), { recursive: true });
  return join(root, own);
}

/** Removes a host's control groups once its processes have ended. */
export async function removeCgroup(hub: Hub, host: string): Promise<void> {
  const own = join(hub.disks, 'cgroup', nameOf(hub.id));
  // The last process may still be on its way out.
  const end = performance.now() + 2000;
  while (!(await removeTree(join(own, host))) && performance.now() < end) await delay(10);
  await rmdir(own).catch(() => undefined); // other hosts are in it
}

/** Removes what labs left whose hub was killed. */
export async function sweepCgroups(): Promise<void> {
  for (const root of MACHINE_ROOTS) {
    const names = await readdir(root).catch(() => []);
    for (const name of names) {
      const [, pid, startTime] = /^xpush-lab-(\d+)-(\d+)$/.exec(name) ?? [];
      if (pid === undefined || startTime === undefined) continue;
      if (!isAlive({ pid: Number(pid), startTime })) await removeTree(join(root, name));
    }
  }
}

function nameOf({ pid, startTime }: ProcessId): string {
  return `${PREFIX}${pid}-${startTime}`;
}

/** Only directories can be removed in there, and only empty ones: somebody's live processes keep theirs. */
async function removeTree(directory: string): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  }
  return await rmdir(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}
