import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import type { LabPlan } from '../../src/lab/lab.ts';
import type { ProbeRequest } from '../../src/lab/probe.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory, statuses } from './fleet.ts';

const text = await shippedInventory('dual-stack');
const web = ['192.168.0.200', '2001:db8:1::200', '192.168.0.201', '2001:db8:1::201'];
const db = ['192.168.0.210', '2001:db8:1::210'];
const ports = [80, 443, 5432, 8080];

/** Guests whose network comes up as on Debian: by ifupdown, from the file that an installer or xpush wrote. */
function withIfupdown(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host) =>
    host.nics.some((nic) => 'vifOf' in nic)
      ? { ...host, packages: ['ifupdown'], bootFrom: 'interfaces' as const }
      : host,
  );
  return { ...plan, hosts };
}

const inventory = await loadInventory({ argument: '-', stdin: text });
const describe = await labDescribe(withIfupdown(labPlanFor(inventory)));
const { client, far } = surroundings(inventory);

const isSix = (address: string): boolean => address.includes(':');

/** What the inventory means, in words of its own. */
const shouldBeOpen = (from: string, to: string, port: number): boolean =>
  web.includes(to) ? from !== 'db' && [80, 443].includes(port) : from === 'web' && port === 5432;

/** Every connection between machines and guests, and whether it came to be: `far -> 192.168.0.200 80 open`. */
async function matrix({ lab }: Fleet): Promise<readonly string[]> {
  await lab.flushNeighbours();
  const asked: readonly (readonly [name: string, requests: readonly ProbeRequest[]])[] = [
    ...[client, far].map(
      (name) =>
        [name, [...web, ...db].flatMap((to) => ports.map((port) => ({ to, port })))] as const,
    ),
    ['web', between(web, db)],
    ['db', between(db, web)],
  ];
  const answers = await Promise.all(
    asked.map(async ([name, requests]) => {
      const patient = requests.map((request) =>
        shouldBeOpen(name, request.to, request.port) ? { ...request, timeoutMs: 5000 } : request,
      );
      const results = await lab.host(name).probe(patient);
      return results.map(
        ({ request: { from = '', to, port }, status }) =>
          `${name} ${from} -> ${to} ${port} ${status === 'open' ? 'open' : 'closed'}`,
      );
    }),
  );
  return answers.flat();
}

const between = (sources: readonly string[], targets: readonly string[]): readonly ProbeRequest[] =>
  sources.flatMap((from) =>
    targets
      .filter((to) => isSix(from) === isSix(to))
      .flatMap((to) => ports.map((port) => ({ from, to, port }))),
  );

/** Everything that should be open is, and nothing else. */
async function expectTheInventory(fleet: Fleet): Promise<void> {
  const seen = await matrix(fleet);
  const wanted = seen.map((line) => {
    const [name = '', , , to = '', port = ''] = line.split(' ');
    return line.replace(/\S+$/, shouldBeOpen(name, to, Number(port)) ? 'open' : 'closed');
  });
  expect(seen).toEqual(wanted);
  expect(wanted.filter((line) => line.endsWith(' open'))).toHaveLength(2 * 8 + 4);
}

async function serve({ lab }: Fleet): Promise<void> {
  const all = (addresses: readonly string[]) =>
    addresses.flatMap((address) => ports.map((port) => ({ address, port })));
  await Promise.all([lab.host('web').listen(all(web)), lab.host('db').listen(all(db))]);
}

const sixOnly = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "fe80::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0, firewall: { admin: [lan] } }
domU:
  six:
    dom0: xen1
    ssh: { jump: dom0 }
    network_config: ifupdown
    vifs:
      - { ip: "2001:db8:1::200" }
      - { ip: "2001:db8:1::201" }
    allow:
      - { proto: tcp, ports: [80] }
`;

describe('inventory/dual-stack.yaml', () => {
  test('applied opens exactly what it allows at each address of both families, by the rules of the second vif; then nothing is left to do', async () => {
    const guarded = text.replace('uplink: eth0', 'uplink: eth0\n    antispoof: true');
    await using fleet = await Fleet.start(guarded, { guestRpFilter: 1 });
    await serve(fleet);

    await fleet.mustApply();

    await expectTheInventory(fleet);
    const second = await fleet.mustApply('--exit-code');
    expect(statuses(second.document), second.stdout).toEqual({ xen1: 'ok', web: 'ok', db: 'ok' });

    // Without the rules, answers of the second vif leave by the first, where dom0 drops them.
    const guest = fleet.lab.host('web');
    await guest.exec(['sh', '-ec', 'ip rule del priority 1016; ip -6 rule del priority 1017']);
    const results = await fleet.lab.host(far).probe(web.map((to) => ({ to, port: 80 })));
    expect(results.map(({ status }) => status)).toEqual(['open', 'open', 'timeout', 'timeout']);
    const repair = await fleet.mustApply();
    expect(statuses(repair.document)).toEqual({ xen1: 'ok', web: 'changed', db: 'ok' });
    await expectTheInventory(fleet);
  });

  test('lasts: a guest that boots by its own files, and a dom0, are the same afterwards without another push', async () => {
    await using fleet = await Fleet.start(text, { adapt: withIfupdown, guestRpFilter: 1 });
    await fleet.mustApply();

    for (const name of ['web', 'xen1']) {
      await fleet.lab.host(name).reboot();
      await serve(fleet);

      await expectTheInventory(fleet);
      const check = await fleet.apply('--check', '--exit-code', '--diff');
      expect(statuses(check.document), check.stdout).toEqual({ xen1: 'ok', web: 'ok', db: 'ok' });
    }
  });
});

describe('a guest that has IPv6 only, by way of its dom0', () => {
  test('is reached in the run that makes dom0 route to it, and answers', async () => {
    await using fleet = await Fleet.start(sixOnly, { guestRpFilter: 1 });
    const addresses = ['2001:db8:1::200', '2001:db8:1::201'];
    const all = addresses.flatMap((address) => [80, 443].map((port) => ({ address, port })));
    await fleet.lab.host('six').listen(all);

    const first = await fleet.mustApply();

    expect(statuses(first.document)).toEqual({ xen1: 'changed', six: 'changed' });
    for (const name of [client, far]) {
      const requests = all.map(({ address: to, port }) => ({ to, port }));
      const results = await fleet.lab.host(name).probe(requests);
      expect(results.map(({ status }) => status)).toEqual(['open', 'timeout', 'open', 'timeout']);
    }
    const second = await fleet.mustApply('--exit-code');
    expect(statuses(second.document), second.stdout).toEqual({ xen1: 'ok', six: 'ok' });
  });
});
