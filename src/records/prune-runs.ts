import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readListed, runIds } from './list-runs.ts';
import { runsDirectory } from './state-directory.ts';

/** So many records are kept, and none of them longer than so. */
export const kept = { runs: 200, days: 90 } as const;

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Removes records that are older than 90 days or not among the newest 200, but never one of a run
 * that still lives. What can't be removed stays; two may prune at once. `stopping` ends it early.
 */
export async function pruneRuns(
  directory: string,
  nowMs: number,
  stopping?: AbortSignal,
): Promise<void> {
  for (const [index, id] of (await runIds(directory)).entries()) {
    if (stopping?.aborted === true) return;
    const isOld = nowMs - beganAt(id) > kept.days * dayMs;
    // 200 records are not read at the end of each run
    if (!isOld && index < kept.runs) continue;
    const { state } = await readListed(directory, id);
    if (state === 'running') continue;
    await rm(join(runsDirectory(directory), id), { recursive: true, force: true }).catch(() => {});
  }
}

/** The id tells: `20261122T230501Z-3f9a2c`. */
function beganAt(id: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
