import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { localHost } from '../engine/local-host.ts';
import { play } from '../engine/playbook-on-local-host.ts';

/** A directory of a test file's own, and tasks that run on this machine as a host (DIR: that directory). */
export function localTasks() {
  const directory = mkdtempSync(join(tmpdir(), 'xpush-step-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const run = (tasks: string, options: { readonly check?: boolean } = {}) =>
    play(localHost(), `tasks:\n${tasks.trim()}`, { directory, ...options });
  return { directory, run };
}
