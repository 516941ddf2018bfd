import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where xpush keeps what outlives a run: `$XDG_STATE_HOME/xpush`, by default `~/.local/state/xpush`.
 * A relative `XDG_STATE_HOME` is passed over (XDG Base Directory Specification 0.8).
 */
export function stateDirectory(environment: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME: given = '' } = environment;
  const base = isAbsolute(given) ? given : join(homedir(), '.local', 'state');
  return join(base, 'xpush');
}

/** Where the records of runs are. */
export function runsDirectory(directory: string): string {
  return join(directory, 'runs');
}

const RUN_ID = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;

/** Whether the name is that of a run, and so of its record; anything else is left alone. */
export function isRunId(name: string): boolean {
  return RUN_ID.test(name);
}
