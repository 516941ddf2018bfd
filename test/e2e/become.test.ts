import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabFile } from '../../src/lab/plan.ts';
import { labDescribe } from '../lab-tier.ts';
import { badChange, goodChange, waitingChange } from './faults/changes.ts';
import { errorOf, FaultFleet, type FaultHost } from './faults/fault-fleet.ts';
import type { HostState } from './faults/host-state.ts';
import { Fleet, shippedInventory, statuses } from './fleet.ts';
import { filesIn } from './secret-room.ts';

const describe = await labDescribe({ hosts: [{ name: 'h1', nics: [] }] });

/** Of root and ops, on every host. */
const password = 'Canary8Pq1 sudo';
const secret = '!secret { env: OPS_PASSWORD }';
beforeAll(() => void Object.assign(process.env, { OPS_PASSWORD: password }));
afterAll(() => void Reflect.deleteProperty(process.env, 'OPS_PASSWORD'));

const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: password });
const entry = (user: string) => `${user}:${hash.toString().trim()}:19000:0:99999:7:::\n`;

/**
 * Root does not log in, but at `rootAt`; ops may become root by sudo with the password, on the hosts of
 * `free` without, and by doas and su.
 */
function rules(rootAt: string, free: readonly string[]): Readonly<Record<string, LabFile>> {
  const sudoers = [
    'Defaults use_pty, lecture=always',
    'root ALL=(ALL) ALL',
    'ops ALL=(ALL) ALL',
    ...free.map((host) => `ops ${host}=(ALL) NOPASSWD: ALL`),
    '',
  ];
  return {
    '/etc/ssh/sshd_config.d/root.conf': `PermitRootLogin no\nMatch LocalAddress ${rootAt}\n  PermitRootLogin yes\n`,
    '/etc/shadow': { content: entry('root') + entry('ops'), mode: 0o600 },
    '/etc/sudoers': { content: sudoers.join('\n'), mode: 0o440 },
    '/etc/doas.conf': { content: 'permit nopass ops as root\n', mode: 0o400 },
    // what sudo leaves at the first time
    '/var/lib/sudo/lectured/ops': { content: '', mode: 0o600, owner: [0, 1000] },
    '/home/ops/.sudo_as_admin_successful': { content: '', owner: [1000, 1000] },
  };
}

/** What the inventory says of each host. */
const ways = {
  'sudo with a password': `{ password: ${secret} }`,
  'sudo with a password over openssh': `{ password: ${secret} }`,
  'sudo without one': 'true',
  doas: '{ method: doas }',
  su: `{ method: su, password: ${secret} }`,
  'sudo where others are busy': `{ password: ${secret} }`,
} as const;

type WayName = keyof typeof ways;

const names = Object.keys(ways) as WayName[];
const changing = names.filter((name) => !name.includes('busy'));
const keysOf = (name: WayName): string => `ssh: { user: ops }, become: ${ways[name]}`;

describe('hosts that only ops logs in to', () => {
  let fleet: FaultFleet;
  const hosts = new Map<WayName, FaultHost>();
  let wanted: HostState;

  beforeAll(async () => {
    const free = [`full${names.indexOf('sudo without one') + 1}`];
    fleet = await FaultFleet.start({
      // and one where root does log in
      hosts: { full: names.length + 1 },
      adapt: (plan) => ({
        ...plan,
        hosts: plan.hosts.map((host) => ({
          ...host,
          files: { ...host.files, ...rules(`10.0.4.${names.length + 1}`, free) },
        })),
      }),
    });
    for (const name of names) hosts.set(name, await fleet.take('full'));
    wanted = await fleet.newState('full');
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  function hostOf(name: WayName): FaultHost {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`no host for ${name}`);
    return host;
  }

  test.concurrent.each(changing)(
    '%s: are checked, undo what cuts them off, confirm what does not, and go back',
    async (name) => {
      const host = hostOf(name);
      const way = { keys: keysOf(name) };
      const over = name.includes('openssh') ? ['--transport', 'openssh'] : [];

      const check = await host.apply(goodChange, ['--check', ...over], way);
      await host.expectOld();
      const bad = await host.apply(badChange, ['--confirm-timeout', '6', ...over], way);
      await host.expectOld();
      const good = await host.apply(goodChange, over, way);
      await host.expectNew(wanted);
      const again = await host.apply(goodChange, over, way);

      expect([check, bad, good, again].map(({ code }) => code)).toEqual([0, 4, 0, 0]);
      expect(errorOf(bad)).toMatch(/^not confirmed: rolled back/);
      expect(statuses(again.document ?? expect.fail())).toEqual({ [host.name]: 'ok' });

      const inventory = await host.inventory(way);
      const status = await fleet.fleet.xpush('status', inventory, ...over);
      expect([status.code, status.stderr]).toEqual([0, '']);
      const back = await fleet.fleet.xpush('rollback', inventory, ...over);
      expect(back.code, back.stderr).toBe(0);
      const parameter = await host.sh('cat /proc/sys/net/ipv4/conf/eth0/rp_filter');
      expect(parameter, back.stdout).toBe('0\n');
    },
    // six runs on each of five hosts at once
    120_000,
  );

  test('a run that is at it keeps others off, and a reboot in its window undoes it', async () => {
    const name = 'sudo where others are busy';
    const host = hostOf(name);
    const way = { keys: keysOf(name) };
    const run = await host.begin(waitingChange, [], way);
    await host.waits();

    const other = await host.apply(goodChange, [], way);
    const status = await fleet.fleet.xpush('status', await host.inventory(way));
    await host.lab.reboot();
    run.kill('SIGKILL');
    await run.ended;

    expect(other.code, other.stderr).toBe(6);
    expect(status.stdout).toContain(host.name);
    await host.expectOld();
  });

  test('a refusal is told, with what to do, and nothing is done', async () => {
    const host = hostOf('sudo where others are busy');
    const keys = 'ssh: { user: ops }, become: true';

    const asRoot = await host.apply(goodChange);
    const run = await host.apply(goodChange, [], { keys });
    const asOther = await host.apply(goodChange, [], {
      keys: `ssh: { user: ops }, become: { user: nobody, password: ${secret} }`,
    });

    expect(asRoot.code, asRoot.stderr).toBe(3);
    expect(run.code, run.stderr).toBe(3);
    expect(errorOf(run)).toBe('sudo asks for a password, and none was given');
    expect(run.stderr).toContain('-K');
    expect(asOther.code, asOther.stderr).toBe(1);
    expect(errorOf(asOther)).toMatch(/no confirm window: .*nothing was changed/s);
    await host.expectOld();
  });

  test('the password is in no output, no record and no file of a host', async () => {
    const host = hostOf('sudo with a password');
    const way = { keys: keysOf('sudo with a password') };
    const shown = [
      await host.apply(goodChange, ['-vv', '--diff'], way),
      await fleet.fleet.xpush('inventory', await host.inventory(way), '--list'),
    ];
    const search = await host.lab.exec([
      ...(['sh', '-c'] as const),
      'grep -rlaF Canary8Pq1 /etc /root /home /tmp /var /run /dev/shm /srv 2>/dev/null',
    ]);

    expect(JSON.stringify(shown)).not.toContain('Canary8Pq1');
    expect(search.stdout).toBe('');
    const records = filesIn(join(fleet.fleet.lab.home, '.local', 'state'));
    expect(records.length).toBeGreaterThan(0);
    for (const file of records) expect(readFileSync(file, 'latin1')).not.toContain('Canary8Pq1');
  });
});

describe('a fleet that only ops logs in to', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    const text = await shippedInventory('webserv');
    fleet = await Fleet.start(`ssh: { user: ops }\nbecome: { password: ${secret} }\n${text}`, {
      adapt: (plan) => ({
        ...plan,
        hosts: plan.hosts.map((host) => ({
          ...host,
          files: { ...host.files, ...rules('10.9.9.9', []) },
        })),
      }),
    });
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  test('is applied and proven, found in order, told of and cleared, by two logins a change', async () => {
    const { addresses } = fleet.lab.host('webserv');
    const served = addresses.flatMap((address) => [80, 443].map((port) => ({ address, port })));
    const applied = await fleet.mustApply();
    await fleet.lab.host('webserv').listen(served);
    expect(statuses(applied.document)).toEqual({ xen1: 'changed', webserv: 'changed' });

    const before = await fleet.logins('webserv');
    const again = await fleet.mustApply();
    expect(statuses(again.document)).toEqual({ xen1: 'ok', webserv: 'ok' });
    expect((await fleet.logins('webserv')) - before).toBe(1);

    for (const command of ['verify', 'facts', 'status']) {
      const run = await fleet.xpush(command, fleet.file);
      expect(run.code, `${command}: ${run.stdout}${run.stderr}`).toBe(0);
    }
    const imported = await fleet.xpush('import', 'xen1', '-u', 'ops', '-b', '--become-method=doas');
    expect(imported.code, imported.stderr).toBe(0);
    expect(imported.stdout).toContain('webserv');
    const removed = await fleet.xpush('remove', 'xen1', '-u', 'ops', '-b', '--become-method=doas');
    expect(removed.code, removed.stderr).toBe(0);
  });
});
