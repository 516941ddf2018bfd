import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
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
