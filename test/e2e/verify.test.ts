import { expect, test } from 'vitest';
import type { Listener } from '../../src/lab/probe.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, type JsonRun, shippedInventory, statuses } from './fleet.ts';

const describe = await labDescribe({ hosts: [{ name: 'mail', kind: 'mini', nics: [] }] });

interface Proof {
  readonly exit: number;
  readonly hosts: { readonly [name in 'webserv' | 'mail']?: { readonly status: string } };
  readonly addresses: readonly Verdict[];
}

interface Verdict {
  readonly address: string;
  readonly status: string;
  readonly problems: readonly { hop: string; host: string | null; cause: string }[];
  readonly probes: readonly { port: number; expected: string; outcome: string }[];
}

async function proofOf(fleet: Fleet, ...args: readonly string[]): Promise<Proof> {
  const run = await fleet.xpush('verify', fleet.file, '-o', 'json', ...args);
  const proof: Proof = JSON.parse(run.stdout);
  expect([run.code, run.stderr]).toEqual([proof.exit, '']);
  return proof;
}

/** What an apply with `--verify` proved. */
const verifyIn = ({ document }: JsonRun): Proof =>
  (document as unknown as { readonly verify: Proof }).verify;

/** What is wrong, a line each: address, place, host, cause. */
const wrongIn = ({ addresses }: Proof): string[] =>
  addresses.flatMap(({ address, problems }) =>
    problems.map(({ hop, host, cause }) => `${address} ${hop} ${host}: ${cause}`),
  );

const web = ['192.168.0.200', '192.168.0.201', '192.168.0.202'];
const mail = ['192.168.0.210', '192.168.0.211'];

const listenAll = (fleet: Fleet, host: string, addresses: readonly string[], ports: number[]) =>
  fleet.lab
    .host(host)
    .listen(addresses.flatMap((address) => ports.map((port) => ({ address, port }))));

const drops = '; dom0 drops them (rp_filter): a black hole';

/** Hosts that are cut off are given up soon. */
async function fleetText(): Promise<string> {
  return `ssh: { connect_timeout: 2 }\n${await shippedInventory('two-guests')}`;
}

async function startFleet(): Promise<Fleet> {
  const fleet = await Fleet.start(await fleetText(), { forwarding: true });
  await listenAll(fleet, 'mail', mail, [25, 443]);
  return fleet;
}

/** The fleet after an apply, with everything in order, to be broken. */
class Site implements AsyncDisposable {
  readonly fleet: Fleet;
  /** The servers of webserv's third address. */
  readonly third: Listener;

  private constructor(fleet: Fleet, third: Listener) {
    this.fleet = fleet;
    this.third = third;
  }

  static async start(): Promise<Site> {
    const fleet = await startFleet();
    await listenAll(fleet, 'webserv', web.slice(0, 2), [80, 443]);
    const third = await listenAll(fleet, 'webserv', web.slice(2), [80, 443]);
    await fleet.mustApply();
    return new Site(fleet, third);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }

  async sh(host: string, script: string): Promise<string> {
    const run = await this.fleet.lab.host(host).exec(['sh', '-ec', script]);
    expect([run.code, run.stderr]).toEqual([0, '']);
    return run.stdout.trim();
  }

  async proof(...args: readonly string[]): Promise<Proof> {
    return await proofOf(this.fleet, ...args);
  }

  /** What is wrong with webserv once `script` has run on the host; then `repair` does. */
  async broken(host: string, script: string, repair: string): Promise<string[]> {
    await this.sh(host, script);
    const proof = await this.proof('-l', 'webserv');
    await this.sh(host, repair);
    expect(proof.exit).toBe(1);
    return wrongIn(proof);
  }
}

describe('xpush verify', () => {
  test('tells the black hole before an apply, and that everything holds after it, and writes nothing', async () => {
    await using fleet = await startFleet();
    await listenAll(fleet, 'webserv', web, [80, 443]);

    const before = await proofOf(fleet);
    await fleet.mustApply();
    const snapshots = await fleet.snapshots();
    const after = await proofOf(fleet);
    const text = await fleet.xpush('verify', fleet.file);

    expect(before.exit).toBe(1);
    expect(wrongIn(before).filter((line) => !line.includes('firewall'))).toEqual([
      `192.168.0.201 way_back webserv: answers leave by eth0, not by eth1: no rule sends what comes from it to table 17${drops}`,
      `192.168.0.202 way_back webserv: answers leave by eth0, not by eth2: no rule sends what comes from it to table 18${drops}`,
      `192.168.0.211 way_back mail: answers leave by eth0, not by eth1: no rule sends what comes from it to table 17${drops}`,
    ]);
    expect(wrongIn(before)).toContain(
      '192.168.0.200 firewall xen1: tcp 23, 3306, 6379 should be closed, and the firewall lets them through: its rules are not those of the inventory',
    );
    expect([after.exit, wrongIn(after)]).toEqual([0, []]);
    expect(after.addresses.map(({ address, status }) => [address, status])).toEqual(
      [...web, ...mail].map((address) => [address, 'ok']),
    );
    const outcomes = after.addresses.flatMap(({ probes }) => probes.map(({ outcome }) => outcome));
    expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome === 'timeout')).toHaveLength(15);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toContain('5 addresses of 2 guests: all as the inventory has it');
    expect(await fleet.snapshots()).toEqual(snapshots);
  });

  describe('names the first wrong place, when broken is', () => {
    test.concurrent("the guest's routing", async () => {
      await using site = await Site.start();
      const rule = 'from 192.168.0.201 lookup 17 priority 1016';

      const noRule = await site.broken('webserv', `ip rule del ${rule}`, `ip rule add ${rule}`);
      const noTable = await site.broken(
        'webserv',
        'ip route show table 17 >/tmp/table; ip route flush table 17',
        'while read -r line; do ip route add table 17 $line; done </tmp/table',
      );
      const noAddress = await site.broken(
        'webserv',
        'ip addr del 192.168.0.202/24 dev eth2; ip addr add 192.168.0.202/24 dev eth1',
        'true',
      );
      await site.fleet.lab.host('mail').stop();
      const off = await site.proof('-l', 'mail');

      const leave = '192.168.0.201 way_back webserv: answers leave by eth0, not by eth1';
      expect(noRule).toEqual([`${leave}: no rule sends what comes from it to table 17${drops}`]);
      expect(noTable).toEqual([`${leave}: table 17 is empty${drops}`]);
      expect(noAddress).toEqual([
        '192.168.0.202 interface webserv: the address is on eth1, not on eth2',
      ]);
      expect(wrongIn(off)).toEqual(
        mail.map((address) => `${address} route xen1: the guest does not run`),
      );
      expect([off.exit, off.hosts.mail?.status]).toEqual([1, 'unreachable']);
    });

    test.concurrent("dom0's routing", async () => {
      await using site = await Site.start();
      const vif = await site.sh(
        'xen1',
        'ip route get 192.168.0.201 | sed -n "s/.* dev \\([^ ]*\\).*/\\1/p"',
      );
      const [, domid = ''] = /^vif(\d+)\.1$/.exec(vif) ?? [];
      const route = await site.sh('xen1', 'ip route show 192.168.0.201');
      const proxy = '/proc/sys/net/ipv4/conf/eth0/proxy_arp';
      const forward = '/proc/sys/net/ipv4/ip_forward';

      const noProxy = await site.broken('xen1', `echo 0 >${proxy}`, `echo 1 >${proxy}`);
      const noForwarding = await site.broken(
        'xen1',
        `echo 0 >${forward}`,
        `echo 1 >${forward}; echo 1 >${proxy}`,
      );
      const noRoute = await site.broken(
        'xen1',
        'ip route del 192.168.0.201',
        `ip route add ${route}`,
      );
      const otherVif = await site.broken(
        'xen1',
        `ip route del 192.168.0.201; ip route add 192.168.0.201 dev vif${domid}.2`,
        `ip route del 192.168.0.201; ip route add ${route}`,
      );

      expect(noProxy).toEqual(
        web.map(
          (address) =>
            `${address} uplink xen1: dom0 does not answer ARP requests for it on eth0 (net.ipv4.conf.eth0.proxy_arp is 0)`,
        ),
      );
      expect(noForwarding).toEqual(
        web.map(
          (address) =>
            `${address} forwarding xen1: dom0 forwards nothing (net.ipv4.ip_forward is 0)`,
        ),
      );
      expect(noRoute).toEqual([
        '192.168.0.201 route xen1: dom0 has no route to its vif and sends it out of eth0',
      ]);
      expect(otherVif).toEqual([
        `192.168.0.201 route xen1: dom0 sends it to vif${domid}.2, and its vif is another`,
      ]);
    });

    test.concurrent('the firewall, or a server', async () => {
      await using site = await Site.start();
      const drop = 'FORWARD -d 192.168.0.201 -p tcp --dport 80 -j DROP';
      const spoof = 'PREROUTING -s 192.168.0.201 -j DROP';
      const save = 'iptables-save >/tmp/rules';
      const restore = 'iptables-restore </tmp/rules';

      const dropped = await site.broken('xen1', `iptables -I ${drop}`, `iptables -D ${drop}`);
      const spoofed = await site.broken(
        'xen1',
        `iptables -t raw -I ${spoof}`,
        `iptables -t raw -D ${spoof}`,
      );
      const noRules = await site.broken('xen1', `${save}; iptables -F XPUSH-FWD`, restore);
      const closed = await site.broken(
        'xen1',
        `${save}; iptables -I XPUSH-FWD -d 192.168.0.202 -p tcp --dport 443 -j DROP`,
        restore,
      );
      await site.third.close();
      const unserved = await site.proof('-l', 'webserv');

      expect(dropped).toEqual([
        "192.168.0.201 firewall xen1: tcp 80: no answer; a rule that is not xpush's drops it: FORWARD: -d 192.168.0.201/32 -p tcp -m tcp --dport 80 -j DROP",
      ]);
      expect(spoofed).toEqual([
        "192.168.0.201 firewall xen1: tcp 80, 443: no answer; a rule that is not xpush's drops it: raw/PREROUTING: -s 192.168.0.201/32 -j DROP",
      ]);
      expect(noRules).toEqual(
        web.map(
          (address) =>
            `${address} firewall xen1: tcp 23, 3306, 6379 should be closed, and the firewall lets them through: its rules are not those of the inventory`,
        ),
      );
      expect(closed).toEqual([
        "192.168.0.202 firewall xen1: tcp 443: no answer; the rules of dom0's firewall are not those of the inventory",
      ]);
      expect(wrongIn(unserved)).toEqual([
        '192.168.0.202 service webserv: nothing listens on tcp 80, 443',
      ]);
    });
  });

  test('a guest that cannot be asked makes it 3 where nothing is known to be wrong', async () => {
    await using fleet = await startFleet();
    await listenAll(fleet, 'webserv', web, [80, 443]);
    await fleet.mustApply();
    await fleet.lab.host('webserv').exec(['sh', '-c', 'kill "$(cat /run/sshd.pid)"']);

    const proof = await proofOf(fleet);

    expect(proof.exit).toBe(3);
    expect(wrongIn(proof)).toEqual([]);
    expect(proof.hosts.webserv?.status).toBe('unreachable');
    expect(proof.addresses.map(({ status }) => status)).toEqual([
      ...['unknown', 'unknown', 'unknown'],
      ...['ok', 'ok'],
    ]);
  });
});

describe('other eras', () => {
  test('a busybox guest, and a dom0 of native nftables', async () => {
    const text = (await fleetText()).replace(
      'uplink: eth0 }',
      'uplink: eth0, firewall: { backend: nftables } }',
    );
    await using fleet = await Fleet.start(text, { kinds: { mail: 'mini' }, antispoof: 'iptables' });
    await listenAll(fleet, 'webserv', web, [80, 443]);
    await listenAll(fleet, 'mail', mail, [25, 443]);

    await fleet.mustApply('--verify');

    const breaks = [
      ['xen1', 'nft add table inet filter'],
      ['xen1', 'nft add chain inet filter forward "{ type filter hook forward priority 0; }"'],
      ['xen1', 'nft add rule inet filter forward ip daddr 192.168.0.210 tcp dport { 25, 26 } drop'],
      ['mail', 'ip rule del priority 1016'],
    ] as const;
    for (const [host, command] of breaks) {
      const run = await fleet.lab.host(host).exec(['sh', '-ec', command]);
      expect([run.code, run.stderr]).toEqual([0, '']);
    }
    const broken = await proofOf(fleet, '-l', 'mail');

    expect(wrongIn(broken)).toEqual([
      "192.168.0.210 firewall xen1: tcp 25: no answer; a rule that is not xpush's drops it: inet filter forward: ip daddr 192.168.0.210 tcp dport { 25, 26 } drop",
      '192.168.0.211 way_back mail: answers leave by eth0, not by eth1: no rule sends what comes from it to table 17',
    ]);
  });
});

describe('both families', () => {
  test('an apply brings them about, and what breaks IPv6 alone is told of IPv6 alone', async () => {
    await using fleet = await Fleet.start(await shippedInventory('dual-stack'));
    await listenAll(fleet, 'web', fleet.lab.host('web').addresses, [80, 443]);

    const verify = verifyIn(await fleet.mustApply('--verify'));
    expect([verify.exit, wrongIn(verify)]).toEqual([0, []]);
    expect(verify.addresses.map(({ address, status }) => [address, status])).toEqual(
      ['192.168.0.200', '2001:db8:1::200', '192.168.0.201', '2001:db8:1::201']
        .concat(['192.168.0.210', '2001:db8:1::210'])
        .map((address) => [address, 'ok']),
    );

    const breaks = [
      ['xen1', 'ip -6 neigh del proxy 2001:db8:1::200 dev eth0'],
      ['xen1', 'ip -6 route del 2001:db8:1::210/128'],
      ['web', 'ip -6 rule del from 2001:db8:1::201 priority 1017'],
    ] as const;
    for (const [host, command] of breaks) {
      const run = await fleet.lab.host(host).exec(['sh', '-ec', command]);
      expect([run.code, run.stderr]).toEqual([0, '']);
    }
    const broken = await proofOf(fleet);

    expect(wrongIn(broken)).toEqual([
      '2001:db8:1::200 uplink xen1: dom0 does not answer neighbour solicitations for it on eth0 (no proxy neighbour)',
      '2001:db8:1::201 way_back web: answers leave by eth0, not by eth1: no rule sends what comes from it to table 17',
      '2001:db8:1::210 route xen1: dom0 has no route to its vif and sends it out of eth0',
    ]);
  });
});

describe('xpush apply --verify', () => {
  test('ends with 1 where the hosts are as described and the network is not; a check proves nothing', async () => {
    await using fleet = await startFleet();
    await listenAll(fleet, 'webserv', web.slice(1), [80, 443]);

    const check = await fleet.apply('--check', '--verify');
    expect(check.code).toBe(0);
    expect(check.document).not.toHaveProperty('verify');
    expect(check.stderr).toContain('A check proves nothing: --verify waits for a real run.');

    const wrong = await fleet.apply('--verify');
    expect([wrong.code, wrong.document.exit]).toEqual([1, 1]);
    expect(statuses(wrong.document)).toEqual({
      xen1: 'changed',
      webserv: 'changed',
      mail: 'changed',
    });
    const verify = verifyIn(wrong);
    expect([verify.exit, wrongIn(verify)]).toEqual([
      1,
      ['192.168.0.200 service webserv: nothing listens on tcp 80, 443'],
    ]);
    expect(wrong.stderr).toContain('Next: see to what verify found, above.');

    await listenAll(fleet, 'webserv', web.slice(0, 1), [80, 443]);
    const right = await fleet.xpush('apply', fleet.file, '--verify', '-o', 'plain');
    expect(right.code, right.stdout + right.stderr).toBe(0);
    expect(right.stdout).toContain('Verify: 5 addresses of 2 guests: all as the inventory has it');
  });
});
