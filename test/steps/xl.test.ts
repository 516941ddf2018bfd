import { expect, test } from 'vitest';
import { Fleet, hostIn, shippedInventory } from '../e2e/fleet.ts';
import { labDescribe } from '../lab-tier.ts';

const describe = await labDescribe();

/** A lab, and a task of `xl` on its dom0: its status, and what it said. */
async function xlOn(fleet: Fleet, params: string, ...options: readonly string[]) {
  const file = await fleet.write(
    'xl.yaml',
    `- { hosts: xen1, tasks: [{ xl: ${params}, register: it }, { debug: { msg: "{{ it.domains | map(attribute='name') | join(' ') }}" } }] }\n`,
  );
  const { document, stderr } = await fleet.apply(file, ...options);
  const [done, told] = hostIn(document, 'xen1').tasks;
  return { status: done?.status ?? stderr, message: done?.message, told: told?.message };
}

describe('xl', () => {
  test('shuts a guest down, finds it so, and creates it again: each is foretold, done, and then ok', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const guest = fleet.lab.host('webserv');
    const thrice = async (params: string) => {
      const check = await xlOn(fleet, params, '--check');
      const done = await xlOn(fleet, params);
      const again = await xlOn(fleet, params);
      return [check.status, done.status, again.status];
    };
    const domid = async () =>
      (await fleet.lab.host('xen1').exec(['xl', 'domid', 'webserv'])).stdout;

    expect(await xlOn(fleet, '{}')).toMatchObject({ status: 'ok', told: 'webserv' });

    expect(await thrice('{ name: webserv, state: shutdown }')).toEqual([
      ...['unknown', 'changed', 'ok'],
    ]);
    expect(guest.isRunning).toBe(false);
    expect(await xlOn(fleet, '{ name: webserv, state: rebooted }')).toMatchObject({
      ...{ status: 'failed', message: expect.stringContaining('does not run') },
    });

    expect(await thrice('{ name: webserv, state: running }')).toEqual(['unknown', 'changed', 'ok']);
    expect(guest.isRunning).toBe(true);
    expect(await domid()).toBe('2\n');

    expect((await xlOn(fleet, '{ name: webserv, state: rebooted }')).status).toBe('changed');
    await expect.poll(domid, { timeout: 20_000 }).toBe('3\n');

    expect((await xlOn(fleet, '{ name: webserv, state: destroyed }')).status).toBe('changed');
    expect(guest.isRunning).toBe(false);
    expect(await xlOn(fleet, '{ name: webserv, config: /etc/xen/none.cfg }')).toMatchObject({
      ...{ status: 'failed', message: expect.stringContaining('Failed to read config file') },
    });
  }, 180_000);

  test('gives a running guest an interface and a disk, once', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const mac = '00:16:3e:00:00:78';
    const params = `{ name: webserv, network: { mac: "${mac}", ip: 192.168.0.210, script: vif-route }, disk: { target: /dev/vg0/data, vdev: xvdb } }`;

    expect((await xlOn(fleet, params, '--check')).status).toBe('unknown');
    expect((await xlOn(fleet, params)).status).toBe('changed');
    expect((await xlOn(fleet, params)).status).toBe('ok');
    const links = await fleet.lab.host('webserv').exec(['cat', '/sys/class/net/eth3/address']);
    expect(links.stdout).toBe(`${mac}\n`);
    const disks = await fleet.lab.host('xen1').exec(['xl', 'block-list', 'webserv']);
    expect(disks.stdout).toMatch(/^51728 /m);
  });

  test('refuses, before any host is contacted, what no toolstack would take', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const refused = [
      ['{ state: shutdown }', 'the \\"name\\" of a domain is needed'],
      [
        '{ name: a, state: shutdown, disk: { target: /dev/a, vdev: xvda } }',
        'only a running domain',
      ],
      ['{ name: a, disk: { target: /dev/a, vdev: cdrom } }', 'such as xvdb'],
      ['{ name: a, disk: { target: "/dev/a,b", vdev: xvda } }', 'a path of this dom0'],
      ['{ name: a, network: { mac: "01:16:3e:00:00:78" } }', 'six bytes'],
      ['{ name: "a b" }', 'letters, digits'],
    ] as const;
    const tasks = refused.map(([params]) => `{ xl: ${params} }`).join(', ');
    const file = await fleet.write('xl.yaml', `- { hosts: xen1, tasks: [${tasks}] }\n`);
    const { code, stdout } = await fleet.apply(file);
    expect(code).toBe(2);
    for (const [, why] of refused) expect(stdout).toContain(why);
  });

  test('is for dom0s', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const file = await fleet.write(
      'xl.yaml',
      '- { hosts: webserv, tasks: [{ xl: { name: a } }] }\n',
    );
    const { code, stdout } = await fleet.apply(file);
    expect(code).toBe(2);
    expect(stdout).toContain('xl is for dom0 hosts');
  });
});
