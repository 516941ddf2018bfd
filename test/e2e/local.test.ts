import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabHost } from '../../src/lab/lab.ts';
import type { Argv } from '../../src/lab/process.ts';
import { labDescribe } from '../lab-tier.ts';
import { changing, everything, goodChange, waitingChange } from './faults/changes.ts';
import { FaultFleet } from './faults/fault-fleet.ts';
import { documentOf, statuses } from './fleet.ts';

const repository = join(import.meta.dirname, '..', '..');
const describe = await labDescribe({ hosts: [{ name: 'full', kind: 'full', nics: [] }] });

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 4 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** What a host has of this repository, in memory: its disk is looked at. */
const room = '/run/xpush-itself';

/** Puts the program on the host, and gives the command that applies a playbook to it. */
async function install(lab: LabHost, playbook: string): Promise<Argv> {
  for (const folder of ['bin', 'dist/bundle', 'playbooks']) {
    const entries = await readdir(join(repository, folder), {
      recursive: true,
      withFileTypes: true,
    });
    for (const entry of entries.filter((found) => found.isFile())) {
      const path = join(entry.parentPath, entry.name);
      await lab.writeFile(room + path.slice(repository.length), await readFile(path));
    }
  }
  const about = await readFile(join(repository, 'package.json'));
  await lab.writeFile(`${room}/package.json`, about);
  const inventory = `${room}/inventory.yaml`;
  await lab.writeFile(inventory, `hosts:\n  ${lab.name}: { ssh: { transport: local } }\n`);
  await lab.writeFile(`${room}/playbook.yaml`, playbook);
  const folders = [`XDG_STATE_HOME=${room}/state`, `XDG_CACHE_HOME=${room}/cache`];
  const program = [process.execPath, `${room}/bin/xpush`, 'apply', inventory];
  return ['env', ...folders, ...program, `${room}/playbook.yaml`, '-o', 'json'];
}

describe('a host that is the controller itself', () => {
  test('is changed as over SSH, and nobody logs in', async () => {
    const host = await fleet.take('full');
    const argv = await install(host.lab, goodChange);
    const check = await host.lab.exec([...argv, '--check'], { timeoutMs: 50_000 });
    expect(statuses(documentOf(check))).toEqual({ [host.name]: 'changed' });
    await host.expectOld();

    const applied = await host.lab.exec(argv, { timeoutMs: 50_000 });

    expect(applied.code, applied.stderr).toBe(0);
    await host.expectNew(await fleet.newState('full'));
    const again = await host.lab.exec(argv, { timeoutMs: 50_000 });
    expect(statuses(documentOf(again))).toEqual({ [host.name]: 'ok' });
    expect(await fleet.fleet.logins(host.name)).toBe(0);
  });

  test('is put back when a change fails in its window', async () => {
    const host = await fleet.take('full');
    const argv = await install(host.lab, changing(...everything, 'exit 3'));

    const run = await host.lab.exec(argv, { timeoutMs: 50_000 });

    expect(run.code, run.stderr).toBe(4);
    await host.expectOld();
  });

  test('undoes by itself what a killed xpush did not confirm', async () => {
    const host = await fleet.take('full');
    const argv = await install(host.lab, waitingChange);
    const begun = ['sh', '-c', `echo $$ >${room}/pid; exec "$0" "$@"`, ...argv] as const;
    const child = host.lab.spawn([...begun, '--confirm-timeout', '4'], { stdio: 'ignore' });
    const ended = once(child, 'exit'); // it may have exited before `kill` has
    await host.waits();

    await host.sh(`kill -KILL $(cat ${room}/pid)`);
    await ended;
    await host.go();

    await host.expectOld();
  });
});
