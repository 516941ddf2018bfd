import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, type JsonRun, type Snapshot, shippedInventory, statuses } from './fleet.ts';

/** Keeps a copy of everything that a login shell of root reads. */
const spy = '#!/bin/sh\ntee -a /var/log/programs | /bin/sh "$@"\n';

function withSpies(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host) => ({
    ...host,
    shells: { root: '/usr/local/bin/spy' },
    files: { ...host.files, '/usr/local/bin/spy': { content: spy, mode: 0o755 } },
  }));
  return { ...plan, hosts };
}

const describe = await labDescribe();

describe('a second apply', () => {
  const names = ['xen1', 'webserv', 'mail'];
  let fleet: Fleet;
  let before: Readonly<Record<string, Snapshot>>;
  let logins: readonly number[];
  let second: JsonRun;
  let after: Readonly<Record<string, Snapshot>>;
  let sentBySecond: readonly string[];

  const countLogins = () => Promise.all(names.map((name) => fleet.logins(name)));
  const takePrograms = () =>
    Promise.all(
      names.map(async (name) => {
        const { stdout } = await fleet.lab
          .host(name)
          .exec(['sh', '-c', 'cat /var/log/programs; : >/var/log/programs']);
        return stdout.replace(/[0-9a-f]{32}/g, 'NONCE');
      }),
    );

  beforeAll(async () => {
    fleet = await Fleet.start(await shippedInventory('two-guests'), { adapt: withSpies });
    await fleet.mustApply();
    await takePrograms();
    before = await fleet.snapshots();
    logins = await countLogins();
    second = await fleet.apply('--diff');
    sentBySecond = await takePrograms();
    after = await fleet.snapshots();
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  test('changes nothing and says so', () => {
    expect(second.code, second.stderr).toBe(0);
    expect(statuses(second.document)).toEqual({ xen1: 'ok', webserv: 'ok', mail: 'ok' });
    expect(second.document.recap).toMatchObject({ ok: 3, changed: 0 });
    for (const { tasks } of Object.values(second.document.hosts)) {
      expect(tasks.map(({ status }) => status)).toEqual(tasks.map(() => 'ok'));
      expect(tasks.flatMap(({ changes }) => changes)).toEqual([]);
    }
  });

  test('leaves every file, inode and time, and the live state, byte for byte', () => {
    expect(after).toEqual(before);
  });

  test('costs one connection a host', async () => {
    expect(await countLogins()).toEqual(logins.map((count) => count + 1));
  });

  test('sends what a check sends: nothing that writes', async () => {
    await fleet.mustApply('--check');

    const sentByCheck = await takePrograms();

    expect(sentBySecond.every((program) => program.length > 1000)).toBe(true);
    expect(sentBySecond).toEqual(sentByCheck);
  });
});
