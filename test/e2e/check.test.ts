import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, type JsonRun, type Snapshot, shippedInventory, statuses } from './fleet.ts';

const describe = await labDescribe();

describe('apply --check', () => {
  const names = ['xen1', 'webserv', 'mail'];
  let fleet: Fleet;
  let before: Readonly<Record<string, Snapshot>>;
  let check: JsonRun;
  let after: Readonly<Record<string, Snapshot>>;

  beforeAll(async () => {
    fleet = await Fleet.start(await shippedInventory('two-guests'), { forwarding: true });
    before = await fleet.snapshots();
    check = await fleet.apply('--check', '--diff');
    after = await fleet.snapshots();
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  test('finds changes for every host', () => {
    expect(check.code, check.stderr).toBe(0);
    expect(check.document.check).toBe(true);
    expect(statuses(check.document)).toEqual({
      xen1: 'changed',
      webserv: 'changed',
      mail: 'changed',
    });
  });

  test('touches no file, inode or time, and nothing of the live state', () => {
    expect(after).toEqual(before);
  });

  test('predicts exactly, diffs included, what apply then does; and then there is nothing left', async () => {
    const applied = await fleet.mustApply('--diff');
    const checkedAgain = await fleet.mustApply('--check', '--exit-code');

    for (const name of names) {
      const predicted = hostIn(check.document, name).tasks;
      expect(predicted.length).toBeGreaterThan(0);
      expect(hostIn(applied.document, name).tasks).toEqual(predicted);
    }
    expect(statuses(checkedAgain.document)).toEqual({ xen1: 'ok', webserv: 'ok', mail: 'ok' });
  });

  test('shows drift as what would put it right: a rule, a table, a chain, a jump, files', async () => {
    const drift = async (host: string, script: string): Promise<void> => {
      const { code, stderr } = await fleet.lab.host(host).exec(['sh', '-ec', script]);
      expect(code, stderr).toBe(0);
    };
    const good = await fleet.snapshots();
    await drift('webserv', 'ip rule del priority 1016; ip link set eth2 down; ip link set eth2 up');
    await drift(
      'xen1',
      `iptables -D XPUSH-FWD 1; iptables -D FORWARD -j XPUSH-FWD
       sed -i s/de:ad:be:ef:00:01/de:ad:be:ef:00:09/ /etc/xen/webserv.cfg; rm /etc/sysctl.d/60-xpush.conf`,
    );

    const found = await fleet.apply('--check', '--diff', '--exit-code');
    const repaired = await fleet.mustApply('--diff');
    const live = (taken: Readonly<Record<string, Snapshot>>) =>
      names.map((name) => taken[name]?.live);

    expect(found.code).toBe(10);
    expect(statuses(found.document)).toEqual({ xen1: 'changed', webserv: 'changed', mail: 'ok' });
    for (const name of names) {
      expect(hostIn(repaired.document, name).tasks).toEqual(hostIn(found.document, name).tasks);
    }
    expect(live(await fleet.snapshots())).toEqual(live(good));
    expect((await fleet.lab.host('xen1').readFile('/etc/xen/webserv.cfg')).toString()).toContain(
      'de:ad:be:ef:00:01',
    );
  });
});

describe('apply --check before dom0 routes', () => {
  test('tells dom0’s changes, and that the guests are out of reach until they are made', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const before = await fleet.snapshots();

    const { code, document } = await fleet.apply('--check', '--diff');

    expect(code).toBe(3);
    expect(statuses(document)).toEqual({ xen1: 'changed', webserv: 'unreachable' });
    expect(hostIn(document, 'webserv').error?.hint).toContain('xen1 would change first');
    expect(await fleet.snapshots()).toEqual(before);
    const applied = await fleet.mustApply('--diff');
    expect(hostIn(applied.document, 'xen1').tasks).toEqual(hostIn(document, 'xen1').tasks);
  });
});
