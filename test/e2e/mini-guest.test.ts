import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, shippedInventory } from './fleet.ts';
import { GridProbe } from './grid.ts';

const describe = await labDescribe({ hosts: [{ name: 'webserv', kind: 'mini', nics: [] }] });

describe('a guest with nothing but busybox and dropbear', () => {
  test('gets the same files, routes and rules, answers on all addresses, and is left alone the second time', async () => {
    const text = await shippedInventory('webserv');
    await using mini = await Fleet.start(text, { kinds: { webserv: 'mini' }, guestRpFilter: 1 });
    const probe = await GridProbe.start(mini.lab, mini.inventory, 'webserv', [80, 443]);

    const first = await mini.mustApply();
    const second = await mini.mustApply();

    expect(hostIn(first.document, 'webserv').tasks.map(({ status }) => status)).not.toContain(
      'failed',
    );
    expect(second.document.recap).toMatchObject({ ok: 2, changed: 0 });
    expect((await probe.look(5000)).in).toEqual({
      '192.168.0.200': 'open',
      '192.168.0.201': 'open',
      '192.168.0.202': 'open',
    });
    const { stdout } = await mini.lab
      .host('webserv')
      .exec(['sh', '-c', 'ip rule; for table in 16 17 18; do ip route show table $table; done']);
    const lines = stdout
      .replace(/lookup eth(\d)-20\d/g, (_, index) => `lookup ${16 + Number(index)}`)
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ').trim());
    for (const [index, ip] of ['192.168.0.200', '192.168.0.201', '192.168.0.202'].entries()) {
      expect(lines).toContain(`${1000 + 16 * index}: from ${ip} lookup ${16 + index}`);
      expect(lines).toContain(`192.168.0.0/24 dev eth${index} scope link src ${ip}`);
      expect(lines).toContain(`default via 192.168.0.1 dev eth${index} src ${ip}`);
    }
  });
});
