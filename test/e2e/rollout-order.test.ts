import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, statuses } from './fleet.ts';

/** Six dom0s, the first two of them with several guests; and three pairs, whose guests have two vifs. */
const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
dom0:
  "xen[1:6]": { address: "192.168.0.[101:106]", uplink: eth0 }
  "p[1:3]": { address: "192.168.0.[111:113]", uplink: eth0 }
domU:
  "a[1:2]": { dom0: xen1, names: none, network_config: ifupdown, vifs: [{ ip: "192.168.0.[131:132]" }] }
  "b[1:3]": { dom0: xen2, names: none, network_config: ifupdown, vifs: [{ ip: "192.168.0.[141:143]" }] }
  "q[1:3]":
    dom0: "p[1:3]"
    names: iftab
    network_config: ifupdown
    vifs: [{ ip: "192.168.0.[151:153]" }, { ip: "192.168.0.[161:163]" }]
`;

/** Each host notes when it was changed; its log notes when that was confirmed. All have one clock. */
const playbookText = (rest: string) => `
- name: Order
  hosts: xen*:a*:b*
${rest}  tasks:
    - name: Something new
      network: true
      command: { changes: always, shell: "read -r now _ </proc/uptime; echo $now >/run/began; sleep 0.3" }
`;
const logger = '#!/bin/sh\nread -r now _ </proc/uptime\necho "$now" >/run/ended\n';

const describe = await labDescribe();

describe('a rollout over pairs of dom0s and guests', () => {
  let fleet: Fleet;
  const names = ['xen1', 'xen2', 'xen3', 'xen4', 'xen5', 'xen6', 'a1', 'a2', 'b1', 'b2', 'b3'];

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
    for (const name of names) {
      await fleet.lab.host(name).writeFile('/usr/local/bin/logger', logger, 0o755);
    }
    await fleet.mustApply('-l', 'xen*:a*:b*', '--no-confirm', '--forks', '20');
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  interface Window {
    readonly name: string;
    readonly began: number;
    readonly ended: number;
  }

  async function windows(): Promise<readonly Window[]> {
    return await Promise.all(
      names.map(async (name) => {
        const read = async (file: string) =>
          Number((await fleet.lab.host(name).readFile(file)).toString());
        return { name, began: await read('/run/began'), ended: await read('/run/ended') };
      }),
    );
  }

  /** The most of these that were open at once. */
  const atOnce = (all: readonly Window[]): number =>
    Math.max(
      ...all.map(
        ({ began }) => all.filter((other) => other.began <= began && began < other.ended).length,
      ),
    );

  test.concurrent('a canary goes first with its guests; guests of one dom0 one by one, or as max_per has it', async () => {
    const playbook = await fleet.write('order.yaml', playbookText(''));
    await fleet.mustApply(playbook, '--confirm-timeout', '20');
    const all = await windows();
    const of = (letter: string) => all.filter(({ name }) => name.startsWith(letter));

    const canary = all.filter(({ name }) => ['xen1', 'a1', 'a2'].includes(name));
    const others = all.filter((one) => !canary.includes(one));
    const first = Math.min(...others.map(({ began }) => began));
    expect(canary.every(({ ended }) => ended < first)).toBe(true);
    expect([atOnce(of('a')), atOnce(of('b'))]).toEqual([1, 1]);
    expect(atOnce(others)).toBeGreaterThan(2);

    const wide = await fleet.write('wide.yaml', playbookText('  max_per: { dom0: 2 }\n'));
    await fleet.mustApply(wide, '--confirm-timeout', '20', '-l', 'xen2:b*');
    expect(atOnce((await windows()).filter(({ name }) => name.startsWith('b')))).toBe(2);
  });

  test.concurrent('is proven batch by batch, and stopped by one that is not', async () => {
    // of somebody else: an apply leaves it alone
    const broken = [
      'ip',
      'rule',
      'add',
      'from',
      '192.168.0.162',
      'pref',
      '900',
      'blackhole',
    ] as const;
    expect((await fleet.lab.host('q2').exec(broken)).code).toBe(0);

    const given = ['-l', 'p*:q*', '--verify', '--serial', '1', '--no-confirm'];
    const { code, document, stderr } = await fleet.apply(...given);

    expect(code, stderr).toBe(1);
    expect(document.stopped).toMatchObject({ batch: 2, batches: 3 });
    expect(document.stopped?.message).toBe('what was done is not proven');
    expect(statuses(document)).toEqual({
      ...{ p1: 'changed', q1: 'changed', p2: 'changed', q2: 'changed' },
      ...{ p3: 'skipped', q3: 'skipped' },
    });
    expect(hostIn(document, 'p3').error?.message).toBe('the rollout stopped before it began');
    expect(stderr).toContain('192.168.0.162');
  });
});
