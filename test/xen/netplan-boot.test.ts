import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import { netplanPlan } from '../../src/xen/netplan.ts';
import { plainNetplanFile } from '../../src/xen/netplan-file.ts';
import { families } from '../../src/xen/routing.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import { fileOf } from '../steps/observed.ts';
import { liveState, stateOf } from './boot-state.ts';
import { bridged, mixed, routed, single } from './dual-stack.ts';
import { mail, webserv } from './fleet.ts';
import { Namespace } from './namespace.ts';
import { generated, hasNetplan } from './netplan-generate.ts';
import { hasNetworkd, Networkd } from './networkd-process.ts';

const soon = { timeout: 8_000, interval: 100 };

/** All files that netplan reads once our plan is made. */
function planned(
  domU: DomU,
  others: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const observed = Object.entries(others).map(([path, text]) => ({ path, file: fileOf(text) }));
  const plan = netplanPlan(domU, observed, true);
  if ('refusal' in plan) throw new Error(plan.refusal);
  return { ...others, ...Object.fromEntries(plan.files.map(({ path, text }) => [path, text])) };
}

/** What networkd gets of it. A veth has no permanent address to be found by, as Xen's interfaces have. */
function networkdFiles(files: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    [...generated(files)].map(([name, text]) => [
      name,
      text.replaceAll('PermanentMACAddress=', 'MACAddress='),
    ]),
  );
}

function bareGuest(domU: DomU): Namespace {
  const namespace = new Namespace();
  namespace.addInterfaces(
    domU.vifs.map(({ mac }) => mac),
    'down',
  );
  return namespace;
}

/** As an Ubuntu cloud image has it, for both vifs of webserv that it knew. */
const cloudInit = `# This file is generated from information provided by the datasource.
network:
    ethernets:
        eth0:
            addresses:
            - 192.168.0.200/24
            - 10.55.0.1/24
            gateway4: 192.168.0.1
            match:
                macaddress: de:ad:be:ef:00:00
            nameservers:
                addresses: [192.168.0.2]
            mtu: 1400
            routes:
            - to: 10.99.0.0/16
              via: 192.168.0.9
            set-name: eth0
        eth1:
            dhcp4: true
            match:
                macaddress: de:ad:be:ef:00:01
            set-name: eth1
    version: 2
`;

describe.runIf(hasNetplan)('netplanPlan, by netplan', () => {
  test('is understood without cloud-init’s file, with it and in place of all of it', () => {
    const whole = cloudInit.replace(/nameservers:.*?set-name: eth0\n/s, 'set-name: eth0\n');
    for (const others of [{}, { '/etc/netplan/50-cloud-init.yaml': cloudInit }]) {
      expect([...generated(planned(webserv, others)).keys()]).toContain('10-netplan-eth2.network');
    }
    const after = planned(webserv, { '/etc/netplan/50-cloud-init.yaml': whole });
    expect(after['/etc/netplan/50-cloud-init.yaml']).toBe(
      '# This file is generated from information provided by the datasource.\nnetwork:\n    version: 2\n',
    );
    expect([...generated(after).keys()]).toContain('10-netplan-eth0.network');
    expect(generated({ ...after, '/etc/netplan/20.yaml': '# nothing left\n' }).size).toBe(6);
  });

  test('gives each MAC its name', () => {
    expect(generated(planned(webserv)).get('10-netplan-eth1.link')).toMatch(
      /MACAddress=de:ad:be:ef:00:01\n(?:.*\n)*\[Link\]\nName=eth1\n/,
    );
  });
});

describe.runIf(hasNetplan && hasNetworkd)('netplanPlan, by netplan and systemd-networkd', () => {
  test.each([webserv, mail, routed, bridged, single, mixed])(
    'gives $name at boot the state that a push makes live',
    async (domU) => {
      using namespace = bareGuest(domU);
      await using _ = new Networkd(namespace, networkdFiles(planned(domU)));

      const live = liveState(domU);

      await expect.poll(() => stateOf(namespace), soon).toEqual(live);
      for (const family of families) {
        expect(planRouting(domU, namespace.observe(family), { family }).operations).toEqual([]);
      }
    },
  );

  test('gives what the inventory says and what else cloud-init’s file said', async () => {
    using namespace = bareGuest(webserv);
    const files = planned(webserv, { '/etc/netplan/50-cloud-init.yaml': cloudInit });
    await using _ = new Networkd(namespace, networkdFiles(files));
    const extra = '10.99.0.0/16 via 192.168.0.9 dev eth0';

    const withoutExtra = () => stateOf(namespace).filter((line) => line !== extra);
    await expect.poll(withoutExtra, soon).toEqual(liveState(webserv));
    await expect.poll(() => namespace.run('ip route'), soon).toContain(extra);
    expect(namespace.run('ip link show eth0')).toContain('mtu 1400');
  });

  test('is in force before a definition for all interfaces', async () => {
    using namespace = bareGuest(mail);
    const all = 'network:\n  ethernets:\n    all-eth: {match: {name: "eth*"}, dhcp4: true}\n';
    const files = planned(mail, { '/etc/netplan/90-default.yaml': all });
    await using _ = new Networkd(namespace, networkdFiles(files));

    await expect.poll(() => stateOf(namespace), soon).toEqual(liveState(mail));
  });

  test('left by xpush, keeps addresses and default routes', async () => {
    using namespace = bareGuest(routed);
    const [[, text] = ['', '']] = Object.entries(planned(routed));
    const files = { '/etc/netplan/60-static.yaml': plainNetplanFile(text) };
    await using _ = new Networkd(namespace, networkdFiles(files));

    const wanted = liveState(routed).filter((line) => !/ table 1[67]| lookup 1[67]/.test(line));
    await expect.poll(() => stateOf(namespace), soon).toEqual(wanted);
  });
});
