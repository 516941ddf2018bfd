import { readdirSync } from 'node:fs';
import { change } from '../../src/host/change.ts';
import { type FileState, query } from '../../src/host/query.ts';
import type { RunningShell } from './shells.ts';

/** Writes over what is there now, and says how it went. */
export async function write(
  running: RunningShell,
  path: string,
  content: string,
  mode?: number,
): Promise<{ status: number; body: string }> {
  const state = await running.look(query.file(path));
  return writeFrom(running, state, path, content, mode);
}

export async function writeFrom(
  running: RunningShell,
  state: FileState,
  path: string,
  content: string,
  mode?: number,
): Promise<{ status: number; body: string }> {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  const [section = { status: -1, body: 'nothing to do' }] = await running.act(
    ...change.writeFile(path, content, state, options),
  );
  return section;
}

export const done = { status: 0, body: '' };

/** Names in the directory, so that nothing of ours is left. */
export const namesIn = (directory: string) => readdirSync(directory).sort();
