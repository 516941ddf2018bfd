import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type LocalHost, localHost } from './local-host.ts';
import { type Played, play, playThrice } from './play.ts';

/** Plays on a host and in a directory of each test's own. */
export interface LocalPlaybook {
  readonly host: LocalHost;
  /** DIR of the playbooks. */
  readonly directory: string;
  readonly run: (rest: string, options?: { readonly check?: boolean }) => Promise<Played>;
  /** The same with only its tasks (`- name: ...`). */
  readonly runTasks: LocalPlaybook['run'];
  /** See `playThrice`. */
  readonly runThrice: (rest: string) => Promise<readonly string[]>;
  /** The path of a file in the directory. */
  readonly at: (name: string) => string;
  /** The last line once the task is done and `debug` has told what an expression of `it` comes to. */
  readonly tell: (task: string, expression: string) => Promise<string | undefined>;
}

/** For a test file: a host of its own for each test. */
export function playbookOnLocalHost(): LocalPlaybook {
  const room = { host: localHost(), directory: '' };
  beforeEach(() => {
    room.host = localHost();
    room.directory = mkdtempSync(join(tmpdir(), 'xpush-play-'));
  });
  afterEach(() => rmSync(room.directory, { recursive: true, force: true }));
  const run: LocalPlaybook['run'] = (rest, options = {}) =>
    play(room.host, rest, { directory: room.directory, ...options });
  return {
    get host() {
      return room.host;
    },
    get directory() {
      return room.directory;
    },
    run,
    runTasks: (tasks, options) => run(`tasks:\n${tasks.trim()}`, options),
    runThrice: (rest) => playThrice((options) => run(rest, options)),
    at: (name) => join(room.directory, name),
    tell: async (task, expression) => {
      const { lines } = await run(`
tasks:
  - { name: look, register: it, ${task} }
  - { name: tell, debug: { msg: "{{ ${expression} }}" } }
`);
      return lines.at(-1);
    },
  };
}
