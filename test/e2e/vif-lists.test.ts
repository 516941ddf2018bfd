import { expect, test } from 'vitest';
import type { LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { Fleet, hostIn, shippedInventory } from './fleet.ts';

/** Everything that a careless editor would lose: bytes that are no UTF-8, tabs, trailing blanks, no last newline. */
const head = Buffer.from(
  `# vif = [ 'not this one' ]\nname\t= "webserv"   \n\nextra = 'vif = [ ]'\nvif = `,
);
const tail = Buffer.concat([
  Buffer.from(' # caf'),
  Buffer.from([0xe9]),
  Buffer.from(`\n\nmemory = 256\t\non_crash = 'restart'`),
]);

const describe = await labDescribe();

describe('vif_config', () => {
  test('changes the bytes of the vif list on dom0 and no others; mode, owner and the other file stay', async () => {
    await using fleet = await Fleet.start(await shippedInventory('two-guests'));
    const dom0 = fleet.lab.host('xen1');
    const old = Buffer.from(`[ 'mac=de:ad:be:ef:00:00, ip=192.168.0.200' ]`);
    await dom0.writeFile('/etc/xen/webserv.cfg', Buffer.concat([head, old, tail]), 0o640);
    await dom0.exec(['chown', '1000:1000', '/etc/xen/webserv.cfg']);
    await dom0.writeFile('/etc/xen/unmanaged.cfg', head);
    const look = async () => {
      const { stdout } = await dom0.exec(['stat', '-c', '%a %u:%g', '/etc/xen/webserv.cfg']);
      return stdout;
    };
    const before = await look();

    await fleet.mustApply('--limit', 'xen1');

    const bytes = await dom0.readFile('/etc/xen/webserv.cfg');
    const list = bytes.subarray(head.length, bytes.length - tail.length).toString('latin1');
    expect(bytes.subarray(0, head.length)).toEqual(head);
    expect(bytes.subarray(bytes.length - tail.length)).toEqual(tail);
    expect(list).toMatch(/^\[[^[\]#]*\]$/);
    expect(list.match(/mac=[0-9a-f:]+/g)).toEqual([
      'mac=de:ad:be:ef:00:00',
      'mac=de:ad:be:ef:00:01',
      'mac=de:ad:be:ef:00:02',
    ]);
    expect(list.match(/script=vif-route/g)).toHaveLength(3);
    expect(await look()).toBe(before);
    expect(before).toMatch(/^640 /);
    expect(await dom0.readFile('/etc/xen/unmanaged.cfg')).toEqual(head);
  });

  test('a vif that a running guest lacks is pending on every run, until it is attached', async () => {
    const withoutLast = (plan: LabPlan): LabPlan => ({
      ...plan,
      hosts: plan.hosts.map((host) =>
        host.name === 'webserv' ? { ...host, nics: host.nics.slice(0, 2) } : host,
      ),
    });
    await using fleet = await Fleet.start(await shippedInventory('webserv'), {
      adapt: withoutLast,
    });
    const pending = async (...args: readonly string[]) => {
      const { document } = await fleet.mustApply(...args);
      const of = (name: string) => hostIn(document, name).tasks.flatMap((task) => task.pending);
      return [of('xen1'), of('webserv')];
    };
    const attach = await fleet.write(
      'attach.yaml',
      `- { hosts: dom0, tasks: [{ vif_config: { attach: true } }] }
- { hosts: domU, tasks: [{ ip_rules: }] }
`,
    );
    const notRead = 'the vif list of webserv is read when it is next created';
    const notThere = 'eth2 appears when webserv is next created';

    expect(await pending()).toEqual([[notRead], [notThere]]);
    expect(await pending()).toEqual([[notRead], [notThere]]);

    expect(await pending(attach)).toEqual([[], [expect.stringContaining('eth2 is down')]]);
    await fleet.lab.host('webserv').exec(['ip', 'link', 'set', 'eth2', 'up']);
    expect(await pending()).toEqual([[], []]);

    await using _server = await fleet.lab
      .host('webserv')
      .listen([{ address: '192.168.0.202', port: 80 }]);
    await until(async () => {
      const [result] = await fleet.lab.host('client').probe([{ to: '192.168.0.202', port: 80 }]);
      return result?.status === 'open';
    });
  });

  test('refuses a file that is a program, names its line, and leaves it', async () => {
    await using fleet = await Fleet.start(await shippedInventory('two-guests'));
    const dom0 = fleet.lab.host('xen1');
    const program = `name = 'mail'\nvif = [ 'ip=%s' % address ]\n`;
    await dom0.writeFile('/etc/xen/mail.cfg', program);

    const { code, document } = await fleet.apply();

    expect(code).toBe(1);
    expect(hostIn(document, 'xen1').error?.message).toContain('/etc/xen/mail.cfg:2');
    expect((await dom0.readFile('/etc/xen/mail.cfg')).toString()).toBe(program);
    expect(hostIn(document, 'mail').status).toBe('skipped');
  });
});
