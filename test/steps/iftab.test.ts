import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { iftab } from '../../src/steps/iftab.ts';
import { bind, fileOf, fleet, planTwice, stateFor } from './observed.ts';

const lines = 'eth0 mac de:ad:be:ef:00:00 arp 1\neth1 mac de:ad:be:ef:00:01 arp 1\n';

async function guestWith(names: string): Promise<DomU> {
  const { hosts } = await loadInventory({
    argument: '-',
    stdin: `networks: { lan: { subnet: 10.0.0.0/24 } }
dom0: { xen1: {} }
domU: { web: { dom0: xen1, ${names} vifs: [{ ip: 10.0.0.5 }] } }`,
  });
  const web = hosts.get('web');
  if (web?.kind !== 'domU') throw new Error('no guest');
  return web;
}

describe('iftab', () => {
  test('writes a line for each vif and keeps foreign ones', () => {
    const { first } = planTwice(bind(iftab, 'webserv'), {
      'file:/etc/iftab': fileOf('# mine\nwlan0 mac 00:11:22:33:44:55\n'),
    });

    expect(first).toMatchObject({
      changes: [{ path: '/etc/iftab', content: `# mine\nwlan0 mac 00:11:22:33:44:55\n${lines}` }],
    });
  });

  test('does nothing when the lines are there', () => {
    const { first } = planTwice(bind(iftab, 'webserv'), { 'file:/etc/iftab': fileOf(lines) });

    expect(first).toMatchObject({ changes: [] });
  });

  test('goes on with a file that is there, though nothing here reads it', async () => {
    const bound = iftab.bind({ host: await guestWith(''), inventory: fleet }, {});

    const plan = bound.plan(
      stateFor(bound, { 'tool:ifrename': false, 'file:/etc/iftab': fileOf('# mine\n') }),
    );

    expect(plan).toHaveProperty('changes.length', 1);
  });

  test.each([
    ['names: none,', true, 0],
    ['', false, 0],
    ['', true, 1],
    ['names: iftab,', false, 1],
  ])('with "%s" and ifrename there: %s, makes %i changes', async (names, hasIfrename, count) => {
    const bound = iftab.bind({ host: await guestWith(names), inventory: fleet }, {});

    const plan = bound.plan(stateFor(bound, { 'tool:ifrename': hasIfrename }));

    expect(plan).toHaveProperty('changes.length', count);
  });
});
