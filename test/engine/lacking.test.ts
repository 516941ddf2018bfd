import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { change } from '../../src/host/change.ts';
import { neededCommands } from '../../src/host/change-needs.ts';
import { query } from '../../src/host/query.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { command } from '../../src/steps/command.ts';
import { defineStep, type Step } from '../../src/steps/step.ts';
import { legOptions } from './leg-options.ts';
import { localHost } from './local-host.ts';

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });

const definition = {
  summary: 'For these tests.',
  on: ['host'],
  params: v.strictObject({ path: v.string(), content: v.string() }),
} as const;

const file = defineStep({
  ...definition,
  name: 'file',
  queries: (_target, { path }) => ({ file: query.file(path) }),
  plan: (_target, { path, content }, seen) => ({
    changes: change.writeFile(path, content, seen.file, { effect: 'both' }),
  }),
});

const rules = defineStep({
  ...definition,
  name: 'rules',
  params: v.strictObject({}),
  queries: () => ({ rules: query.rules(4) }),
  plan: (_target, _params, seen) => ({
    changes: [],
    message: seen.rules.entries.length > 0 ? 'listed' : null,
  }),
});

const lacking = defineStep({
  ...definition,
  name: 'lacking',
  params: v.strictObject({}),
  queries: () => ({}),
  plan: () => ({ refusal: 'nft is not installed', hint: 'install it', isLack: true }),
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-lacking-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const at = (name: string) => join(directory, name);

/** Where to find all commands but these. */
function pathWithout(...hidden: readonly string[]): string {
  for (const name of ['sh', ...neededCommands]) {
    const place = ['/usr/bin', '/usr/sbin'].find((each) => existsSync(join(each, name)));
    if (place !== undefined && !hidden.includes(name)) symlinkSync(join(place, name), at(name));
  }
  return directory;
}

async function run(
  path: string,
  tasks: readonly (readonly [Step, unknown])[],
  { check = false, isNetwork = false, isOff = false } = {},
) {
  const events: RunEvent[] = [];
  const target = inventory.hosts.get('here');
  if (target === undefined) throw new Error('no host');
  const play = { name: 'play', tasks: [] };
  const list = tasks.map(([step, params], index) => ({
    play,
    task: { name: `task ${index}`, step, params, network: isNetwork },
  }));
  const result = await runLeg(
    { host: target, tasks: list, after: [] },
    { ...legOptions(inventory, events), check, confirm: { timeoutSeconds: 4, isOff } },
    localHost(path).connect,
  );
  const ended = events.filter((event): event is TaskEnd => event.event === 'task');
  return {
    status: result.status,
    error: result.error,
    ended: ended.map(({ status }) => status),
    messages: ended.map(({ message }) => message),
  };
}

const noSed =
  'task 1: the host has no sed, which rules needs to list addresses, routes and rules; install sed';

describe('runLeg, on a host that lacks a command', () => {
  test.each([false, true])('begins nothing that is foreseen (check: %s)', async (check) => {
    const path = pathWithout('sed');
    const write = [file, { path: at('new'), content: 'a\n' }] as const;

    const ended = await run(path, [write, [rules, {}], write], { check });

    expect(ended).toMatchObject({
      status: 'failed',
      error: { message: noSed, hint: null },
      ended: ['skipped', 'failed', 'skipped'],
    });
    expect(ended.messages[0]).toBe('not begun, as a later task cannot be');
    expect(existsSync(at('new'))).toBe(false);
  });

  test.each([
    ['cp', 'file needs to write files'],
    ['ln', 'file needs to lock the host'],
    ['ls', 'file needs to read files'],
  ])('says who needs it for what: %s', async (name, who) => {
    const write = [file, { path: at('new'), content: 'a\n' }] as const;

    const { error } = await run(pathWithout(name), [write]);

    expect(error?.message).toMatch(`task 0: the host has no ${name}, which ${who}`);
    expect(error?.message).toMatch(/; install coreutils$/);
    expect(existsSync(at('new'))).toBe(false);
  });

  test('names all of them at once, one of which would do', async () => {
    const write = [file, { path: at('new'), content: '\xff' }] as const;
    const path = pathWithout('mv', 'base64', 'openssl', 'cksum');

    const { error } = await run(path, [write]);

    expect(error?.message).toBe(
      'task 0: the host has no mv or base64 (nor openssl), which file needs to write files, to write what is no plain text and to lock the host; install coreutils',
    );
  });

  test('does what needs none of it', async () => {
    const path = pathWithout('mv', 'cp', 'grep', 'sed', 'ip', 'id');
    writeFileSync(at('kept'), 'a\n');

    const ended = await run(path, [[file, { path: at('kept'), content: 'a\n' }]]);

    expect(ended).toMatchObject({ status: 'ok', error: null });
  });

  test('goes on behind a command that brings it', async () => {
    const path = pathWithout('sed');
    const install = { shell: `ln -s /usr/bin/sed ${at('sed')}` };

    const ended = await run(path, [
      [command, install],
      [rules, {}],
    ]);

    expect(ended).toMatchObject({ status: 'changed', ended: ['changed', 'ok'] });
    expect(ended.messages[1]).toBe('listed');
  });

  test('needs what undoes a change only for what is undone', async () => {
    const write = [file, { path: at('new'), content: 'a\n' }] as const;
    const path = pathWithout('setsid');

    const windowed = await run(path, [write], { isNetwork: true });
    const isWritten = existsSync(at('new'));
    const plain = await run(path, [write], { isNetwork: true, isOff: true });

    expect(windowed.error?.message).toBe(
      'task 0: the host has no setsid, which file needs to be able to undo network changes; install util-linux',
    );
    expect(isWritten).toBe(false);
    expect(plain).toMatchObject({ status: 'changed', error: null });
    expect(readFileSync(at('new'), 'utf8')).toBe('a\n');
  });

  test('begins nothing when a step says so of something that it needs', async () => {
    const write = [file, { path: at('new'), content: 'a\n' }] as const;

    const ended = await run(pathWithout(), [write, [lacking, {}]]);

    expect(ended).toMatchObject({
      status: 'failed',
      error: { message: 'task 1: nft is not installed', hint: 'install it' },
      ended: ['skipped', 'failed'],
    });
    expect(existsSync(at('new'))).toBe(false);
  });
});
