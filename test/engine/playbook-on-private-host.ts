import { afterEach, beforeEach } from 'vitest';
import { type Played, play, playThrice } from './play.ts';
import { hasPrivateHosts, PrivateHost } from './private-host.ts';

/** Plays on a host of each test's own. */
export interface PrivatePlaybook {
  /** What a line of shell prints there; throws when it fails. */
  readonly sh: (line: string) => string;
  /** Runs tasks (`- name: ...`); what became of each. */
  readonly run: (tasks: string, options?: { readonly check?: boolean }) => Promise<Played>;
  /** See `playThrice`. */
  readonly runThrice: (tasks: string) => Promise<readonly string[]>;
}

/** For a test file: a host of its own for each test, without homes and without what programs remember. */
export function playbookOnPrivateHost(): PrivatePlaybook {
  const room: { host: PrivateHost | null } = { host: null };
  const there = (): PrivateHost => {
    if (room.host === null) throw new Error('there is no private host');
    return room.host;
  };
  beforeEach(async () => {
    if (!hasPrivateHosts) return;
    room.host = await PrivateHost.start(['/home', '/root', '/var/lib', '/var/spool']);
  });
  afterEach(async () => await room.host?.[Symbol.asyncDispose]());
  const run: PrivatePlaybook['run'] = (tasks, options = {}) =>
    play(there(), `tasks:\n${tasks}`, { directory: '/', ...options });
  return {
    run,
    runThrice: (tasks) => playThrice((options) => run(tasks, options)),
    sh: (line) => there().run(line),
  };
}
