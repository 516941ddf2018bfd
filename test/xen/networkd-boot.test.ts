import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import { networkdPlan } from '../../src/xen/networkd.ts';
import { plainNetworkdFile } from '../../src/xen/networkd-file.ts';
import { families } from '../../src/xen/routing.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import type { ObservedFile } from '../../src/xen/whole-file.ts';
import { fileOf } from '../steps/observed.ts';
import { liveState, stateOf } from './boot-state.ts';
import { bridged, mixed, routed, single } from './dual-stack.ts';
import { mail, webserv } from './fleet.ts';
import { Namespace } from './namespace.ts';
import { hasNetworkd, Networkd, networkdVersion } from './networkd-process.ts';

const soon = { timeout: 8_000, interval: 100 };

/** The files of our plan by their names, beside those of others. */
function filesOf(domU: DomU, others: readonly ObservedFile[] = []): ReadonlyMap<string, string> {
  const plan = networkdPlan(domU, others, networkdVersion());
  if ('refusal' in plan) throw new Error(plan.refusal);
  return new Map(plan.files.map(({ path, text }) => [basename(path), text]));
}

/**
 * Where two vifs are in one subnet, the connected routes of main differ in their metrics alone:
 * networkd's files give the later vifs a worse one, the kernel's order does so live.
 */
const withoutConnectedMetric = (state: readonly string[]): readonly string[] =>
  state.map((line) =>
    line.replace(/^(\S+ inet6? \S+|[\da-f.:]+\/\d+ dev \S+.*) metric \d+$/, '$1'),
  );

const isRule = (line: string): boolean => /^1\d\d\d: /.test(line);

/** Bare interfaces, as a guest's kernel finds them. */
function bareGuest(domU: DomU): Namespace {
  const namespace = new Namespace();
  namespace.addInterfaces(
    domU.vifs.map(({ mac }) => mac),
    'down',
  );
  return namespace;
}

describe.runIf(hasNetworkd)('networkdPlan, by systemd-networkd', () => {
  test.each([webserv, mail, routed, bridged, single, mixed])(
    'gives $name at boot the state that a push makes live',
    async (domU) => {
      using namespace = bareGuest(domU);
      await using _ = new Networkd(namespace, filesOf(domU));

      const live = withoutConnectedMetric(liveState(domU));

      await expect.poll(() => withoutConnectedMetric(stateOf(namespace)), soon).toEqual(live);
      for (const family of families) {
        expect(planRouting(domU, namespace.observe(family), { family }).operations).toEqual([]);
      }
    },
  );

  test.each([routed, bridged])(
    'takes nothing away from $name when networkd starts on what a push made live',
    async (domU) => {
      using namespace = bareGuest(domU);
      namespace.run(domU.vifs.map(({ iface }) => `ip link set ${iface} up`).join('\n'));
      for (const family of families) {
        const { operations } = planRouting(domU, namespace.observe(family), { family });
        namespace.apply(operations, family);
      }
      await using networkd = new Networkd(namespace, filesOf(domU));
      const live = withoutConnectedMetric(liveState(domU));

      const rules = () => namespace.run('ip -4 rule; ip -6 rule').match(/^1\d+:.*static/gm) ?? [];
      await expect.poll(() => rules().length, soon).toBe(live.filter(isRule).length);
      expect(new Set(withoutConnectedMetric(stateOf(namespace)))).toEqual(new Set(live));
      expect(networkd.log).not.toContain('Failed');

      // What was there first goes, networkd's own stays: so nothing comes back when it starts again.
      for (const family of families) {
        const { operations } = planRouting(domU, namespace.observe(family), { family });
        namespace.apply(operations, family);
      }
      const left = () => namespace.run('ip -4 rule; ip -6 rule; ip -4 route show table all');
      const cleaned = left();
      expect(new Set(withoutConnectedMetric(stateOf(namespace)))).toEqual(new Set(live));
      await networkd.restart();
      const names = domU.vifs.map(({ iface }) => iface);
      await expect.poll(() => networkd.hasConfigured(names), soon).toBe(true);
      expect(left()).toBe(cleaned);
      for (const family of families) {
        expect(planRouting(domU, namespace.observe(family), { family }).operations).toEqual([]);
      }
    },
  );

  test('leaves no words in the log of networkd about words that it does not know', async () => {
    using namespace = bareGuest(routed);
    await using networkd = new Networkd(namespace, filesOf(routed));

    await expect.poll(() => namespace.run('ip -6 rule'), soon).toContain('1017:');

    const configuring = 'Configuring with /etc/systemd/network/00-xpush-eth1.network';
    await expect.poll(() => networkd.log, soon).toContain(configuring);
    expect(networkd.log).not.toMatch(/Unknown|ignoring|Failed|\.network:\d+/);
  });

  test('is repaired by networkd itself when a link goes down and up', async () => {
    using namespace = bareGuest(webserv);
    await using _ = new Networkd(namespace, filesOf(webserv));
    const live = withoutConnectedMetric(liveState(webserv));
    const state = () => withoutConnectedMetric(stateOf(namespace));
    await expect.poll(state, soon).toEqual(live);

    namespace.run('ip link set eth1 down');
    expect(namespace.run('ip route show table 17')).toBe('');
    namespace.run('ip link set eth1 up');

    await expect.poll(state, soon).toEqual(live);
  });

  test('does not leave it to chance which of two vifs in one subnet main uses', async () => {
    using namespace = new Namespace();
    const [, mac = ''] = webserv.vifs.map((each) => each.mac);
    namespace.run(
      `ip link add eth1 address ${mac} type veth peer name p1; ip link set p1 up; ip link set lo up`,
    );
    await using _ = new Networkd(namespace, filesOf(webserv));
    await expect.poll(() => namespace.run('ip rule'), soon).toContain('1016:');

    namespace.run(
      `ip link add eth0 address ${webserv.vifs[0]?.mac} type veth peer name p0; ip link set p0 up`,
    );

    const way = () => namespace.run('ip route get 192.168.0.77');
    await expect.poll(way, soon).toContain('dev eth0 src 192.168.0.200');
  });

  test('leaves a bridge alone that has the MAC of its port', async () => {
    using namespace = bareGuest(mail);
    namespace.run(`ip link add br0 address ${mail.vifs[0]?.mac} type bridge; ip link set br0 up`);
    await using networkd = new Networkd(namespace, filesOf(mail), 'udev');

    await expect.poll(() => namespace.run('ip addr show eth0'), soon).toContain('192.168.0.211/24');

    expect(namespace.run('ip -4 addr show br0')).toBe('');
    expect(networkd.log).not.toContain('br0: Configuring');
  });

  test('takes the place of another file, and keeps what else that said', async () => {
    const foreign = `[Match]
Name=eth*

[Network]
DHCP=yes
# the resolver of the house
DNS=192.168.0.2

[Link]
MTUBytes=1400

[Route]
Destination=10.99.0.0/16
Gateway=192.168.0.9

[RoutingPolicyRule]
From=192.168.0.210
Table=77
Priority=900

[RoutingPolicyRule]
To=10.98.0.0/16
Table=77
Priority=901
`;
    const path = '/etc/systemd/network/10-eth.network';
    using namespace = bareGuest(mail);
    const ours = filesOf(mail, [{ path, file: fileOf(foreign) }]);
    await using networkd = new Networkd(namespace, new Map([...ours, [basename(path), foreign]]));

    await expect.poll(() => namespace.run('ip link show eth0'), soon).toContain('mtu 1400');
    await expect
      .poll(() => namespace.run('ip route'), soon)
      .toContain('10.99.0.0/16 via 192.168.0.9');

    const rules = namespace.run('ip rule');
    expect(rules).toContain('901:\tfrom all to 10.98.0.0/16 lookup 77');
    expect(rules).not.toContain('900:');
    expect(networkd.log).not.toMatch(/DHCPv4/);
    expect([...ours.values()].join('')).toContain('# the resolver of the house\nDNS=192.168.0.2\n');
  });

  test('left by xpush, keeps addresses and default routes', async () => {
    using namespace = bareGuest(routed);
    const plain = new Map(
      [...filesOf(routed)].map(([name, text]) => [
        name.replace('00-xpush', '01'),
        plainNetworkdFile(text),
      ]),
    );
    await using _ = new Networkd(namespace, plain);
    const wanted = withoutConnectedMetric(liveState(routed)).filter(
      (line) => !/ table 1[67]| lookup 1[67]/.test(line),
    );

    await expect.poll(() => withoutConnectedMetric(stateOf(namespace)), soon).toEqual(wanted);
    expect([...plain.values()].join('')).not.toContain('xpush');
  });
});
