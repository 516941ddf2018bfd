import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonHost } from '../../src/report/json-document.ts';
import { lockOut } from './faults/changes.ts';
import {
  type Ended,
  FaultFleet,
  type FaultHost,
  faultDescribe,
  soon,
} from './faults/fault-fleet.ts';

const kinds = ['full', 'mini'] as const;
const describe = await faultDescribe(kinds);

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 5, mini: 4 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** Ordinary tasks around two that are about the network. */
const around = (...commands: readonly string[]) => `
- hosts: all
  tasks:
    - name: Before
      command: { changes: always, shell: "echo before >/etc/fault.before" }
    - name: Parameter
      sysctl: { name: net.ipv4.conf.eth0.rp_filter, value: 2 }
    - name: Commands
      network: true
      command: { changes: always, shell: ${JSON.stringify(commands.join('; '))} }
    - name: After
      command: { changes: always, shell: "echo after >/etc/fault.after" }
`;

const only = ({ document }: Ended): JsonHost | undefined => Object.values(document?.hosts ?? {})[0];
const statusesOf = (run: Ended) => only(run)?.tasks.map(({ status }) => status);
const filesOf = async (host: FaultHost) =>
  (await host.sh('cd /etc; ls fault.before fault.after 2>/dev/null || true')).split('\n').join(' ');

describe('a window among other tasks', () => {
  test.concurrent.each(kinds)(
    '%s: all are done in their order, over two connections',
    async (kind) => {
      const host = await fleet.take(kind);
      const before = kind === 'full' ? await fleet.fleet.logins(host.name) : 0;

      const run = await host.apply(around('[ -e /etc/fault.before ] && [ ! -e /etc/fault.after ]'));

      expect(run.code, run.stderr).toBe(0);
      expect(statusesOf(run)).toEqual(['changed', 'changed', 'changed', 'changed']);
      expect((await filesOf(host)).trim()).toBe('fault.after fault.before');
      if (kind === 'full') expect((await fleet.fleet.logins(host.name)) - before).toBe(2);
    },
  );

  test.concurrent.each(kinds)(
    '%s: one that is undone leaves what came before it, and the next run knows of it',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(around(lockOut), soon);

      expect(run.code, run.stderr).toBe(4);
      expect(statusesOf(run)).toEqual(['changed', 'skipped', 'skipped', 'skipped']);
      expect(only(run)?.status).toBe('rolled_back');
      expect(only(run)?.error?.message).toMatch(
        /^not confirmed: rolled back \d+ s after the change; what the earlier tasks changed stays/,
      );
      expect((await filesOf(host)).trim()).toBe('fault.before');
      await host.isQuiet();
      const next = await host.apply(around('true'), ['--check']);
      expect(next.stderr).toMatch(/of run \S+ by \S+, were rolled back, \d+ s ago: /);
    },
  );

  test.concurrent('without windows, nothing is undone', async () => {
    const host = await fleet.take('full');

    const run = await host.apply(around('exit 3'), ['--no-confirm']);

    expect(run.code, run.stderr).toBe(1);
    expect(statusesOf(run)).toEqual(['changed', 'changed', 'failed', 'skipped']);
    expect(await host.sh('cat /proc/sys/net/ipv4/conf/eth0/rp_filter')).toBe('2\n');
  });
});

describe('a host that is not the one that is meant', () => {
  test.concurrent.each(kinds)('%s: is left alone', async (kind) => {
    const host = await fleet.take(kind);

    const run = await host.apply(around('true'), [], { keys: 'expect: { hostname: another }' });

    expect(run.code, run.stderr).toBe(1);
    expect(only(run)?.error?.message).toContain(
      `its hostname is ${host.name}, expected another; nothing was done to it`,
    );
    await host.expectOld();
  });
});
