import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentPlan, type Lab, type LabOptions, startLab } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';

type Antispoof = 'rp_filter' | 'iptables' | 'none';
const GUEST = ['192.168.0.200', '192.168.0.201', '192.168.0.202'];

async function probeGuest(lab: Lab, from: string): Promise<readonly string[]> {
  const results = await lab.host(from).probe(GUEST.map((to) => ({ to, port: 80 })));
  return results.map((result) => result.status);
}

async function forward(lab: Lab): Promise<void> {
  await lab
    .host('xen1')
    .exec(['sysctl', '-w', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.eth0.proxy_arp=1']);
  await lab.flushNeighbours();
}

async function startDocumentLab(antispoof: Antispoof, options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab(documentPlan(antispoof), options);
  await lab.host('webserv').listen(GUEST.map((address) => ({ address, port: 80 })));
  return lab;
}

const describe = await labDescribe();

describe('a dom0 and its guest', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startDocumentLab('rp_filter');
  });
  afterAll(async () => {
    await lab?.down();
  });

  test('vif-route has been there: addresses, routes, proxy_arp, and dom0 does not forward yet', async () => {
    const dom0 = lab.host('xen1');
    const routes = await dom0.exec(['ip', '-4', 'route']);
    const settings = await dom0.exec([
      'sysctl',
      '-n',
      'net.ipv4.ip_forward',
      'net.ipv4.conf.eth0.proxy_arp',
      'net.ipv4.conf.vif1/1.proxy_arp',
    ]);
    const list = await dom0.exec(['xl', 'list']);
    const macs = await lab.host('webserv').exec(['sh', '-c', 'cat /sys/class/net/eth*/address']);

    for (const [n, ip] of GUEST.entries()) {
      expect(routes.stdout).toContain(`${ip} dev vif1.${n} scope link src 192.168.0.100 metric 2`);
    }
    expect(settings.stdout).toBe('0\n0\n1\n');
    expect(list.stdout).toMatch(/^webserv +1 /m);
    expect(macs.stdout).toBe('de:ad:be:ef:00:00\nde:ad:be:ef:00:01\nde:ad:be:ef:00:02\n');
    expect(await probeGuest(lab, 'far')).toEqual(['timeout', 'timeout', 'timeout']);
  });

  test('xl network-attach gives a running guest one more interface, and its address a route', async () => {
    const mac = '00:16:3e:00:00:77';
    const args = [`mac=${mac}`, 'ip=192.168.0.209', 'script=vif-route'] as const;

    const attached = await lab.host('xen1').exec(['xl', 'network-attach', 'webserv', ...args]);

    expect(attached).toMatchObject({ code: 0, stderr: '' });
    const link = await lab.host('webserv').exec(['cat', '/sys/class/net/eth3/address']);
    expect(link.stdout).toBe(`${mac}\n`);
    const route = await lab.host('xen1').exec(['ip', 'route', 'get', '192.168.0.209']);
    expect(route.stdout).toContain('dev vif1.3');
    const store = await lab.host('xen1').exec(['xenstore-ls', '/local/domain/0/backend/vif']);
    expect(store.stdout).toContain(mac);
  });

  test('once dom0 forwards, the black hole is seen: the first address answers, the others do not', async () => {
    await forward(lab);

    expect(await probeGuest(lab, 'far')).toEqual(['open', 'timeout', 'timeout']);
    expect(await probeGuest(lab, 'router')).toEqual(['open', 'timeout', 'timeout']);
  });

  test('the document’s policy routing opens it', async () => {
    const guest = lab.host('webserv');
    const script = GUEST.map(
      (ip, n) =>
        `ip route add 192.168.0.0/24 dev eth${n} src ${ip} scope link table ${16 + n}
         ip route add default via 192.168.0.1 dev eth${n} src ${ip} table ${16 + n}
         ip rule add pref ${1000 + 16 * n} from ${ip} lookup ${16 + n}`,
    ).join('\n');

    await guest.exec(['sh', '-e'], { input: script });

    expect(await probeGuest(lab, 'far')).toEqual(['open', 'open', 'open']);
    expect(await probeGuest(lab, 'client')).toEqual(['open', 'open', 'open']);
  });

  test('many probes from fixed and privileged source ports work again and again', async () => {
    const ports = [80, 443, 8080, 1023];
    const requests = GUEST.flatMap((to) =>
      ports.flatMap((fromPort) =>
        [80, 25].map((port) => ({ from: '10.9.0.2', fromPort, to, port, timeoutMs: 700 })),
      ),
    );
    await using _server = await lab.host('far').listen([{ address: '10.9.0.2', port: 80 }]);

    for (let round = 0; round < 3; round += 1) {
      const results = await lab.host('far').probe(requests);

      expect(results.map((r) => r.status)).toEqual(
        requests.map((request) => (request.port === 80 ? 'open' : 'refused')),
      );
    }
  });

  test('200 probes into a black hole take little more than their time-out', async () => {
    const requests = Array.from({ length: 200 }, (_, n) => ({
      to: `192.168.0.201`,
      port: 2000 + n,
      timeoutMs: 700,
    }));
    await lab.host('xen1').exec(['iptables', '-A', 'FORWARD', '-d', '192.168.0.201', '-j', 'DROP']);

    const start = performance.now();
    const results = await lab.host('far').probe(requests);
    const tookMs = performance.now() - start;

    await lab.host('xen1').exec(['iptables', '-F', 'FORWARD']);
    expect(new Set(results.map((r) => r.status))).toEqual(new Set(['timeout']));
    expect(tookMs).toBeLessThan(3000);
  });

  test('a probe tells a server that was not the one it asked for', async () => {
    const redirect = [
      'PREROUTING',
      '-p',
      'tcp',
      '--dport',
      '81',
      '-j',
      'REDIRECT',
      '--to-ports',
      '80',
    ] as const;
    await lab.host('webserv').exec(['iptables', '-t', 'nat', '-A', ...redirect]);

    const [result] = await lab.host('far').probe([{ to: '192.168.0.200', port: 81 }]);

    await lab.host('webserv').exec(['iptables', '-t', 'nat', '-D', ...redirect]);
    expect(result).toMatchObject({ status: 'misdirected', text: 'lab 192.168.0.200 80' });
  });

  test('a guest that reboots gets new vifs, as in Xen', async () => {
    const guest = lab.host('webserv');

    await guest.reboot();

    await guest.listen([{ address: '192.168.0.200', port: 80 }]);
    const routes = await lab.host('xen1').exec(['ip', '-4', 'route']);
    const list = await lab.host('xen1').exec(['xl', 'domid', 'webserv']);
    expect(routes.stdout).toContain('192.168.0.200 dev vif2.0');
    expect(routes.stdout).not.toContain('vif1.');
    expect(list.stdout).toBe('2\n');
    expect(await probeGuest(lab, 'far')).toEqual(['open', 'timeout', 'timeout']);
  });

  test('a guest is forgotten, too, of which the kernel has just taken away what was attached', async () => {
    const dom0 = lab.host('xen1');
    const args = ['mac=00:16:3e:00:00:78', 'ip=192.168.0.208', 'script=vif-route'] as const;
    const attached = await dom0.exec(['xl', 'network-attach', 'webserv', ...args]);
    // its network stays until then, so that the moment is no matter of luck
    await dom0.exec(['sh', '-ec', 'cd /run/netns; : >held; mount --bind webserv held']);
    const soonGone = '#!/bin/sh\n[ "$1 $2" != "link del" ] || /sbin/ip "$@"\nexec /sbin/ip "$@"\n';
    await dom0.writeFile('/usr/local/sbin/ip', soonGone, 0o755);

    await lab.host('webserv').reboot();

    await dom0.exec(['sh', '-ec', 'rm /usr/local/sbin/ip; cd /run/netns; umount held; rm held']);
    const list = await dom0.exec(['xl', 'domid', 'webserv']);
    const vifs = await dom0.exec(['sh', '-c', 'cd /sys/class/net && echo vif*']);
    const domid = list.stdout.trim();
    expect(attached).toMatchObject({ code: 0, stderr: '' });
    expect(domid).toMatch(/^\d+$/);
    expect(vifs.stdout).toBe(`vif${domid}.0 vif${domid}.1 vif${domid}.2\n`);
  });

  test('a dom0 that reboots takes its guest with it, boots it again and forgets to forward', async () => {
    const { pid } = lab.host('webserv');

    await lab.host('xen1').reboot();

    const ssh = await lab.run([
      'ssh',
      '-F',
      lab.sshConfig,
      'xen1',
      'sysctl -n net.ipv4.ip_forward; ip -4 route',
    ]);
    expect(ssh.stdout).toMatch(/^0\n/);
    expect(ssh.stdout).toContain('192.168.0.202 dev vif1.2');
    expect(lab.host('webserv').pid).not.toBe(pid);
    expect(lab.host('webserv').isRunning).toBe(true);
  });

  test('a vif can be cut and healed without a trace', async () => {
    await forward(lab);
    await lab.host('webserv').listen([{ address: '192.168.0.200', port: 80 }]);
    const before = await lab.host('xen1').exec(['ip', 'route']);

    await lab.cut('webserv', 'eth0');
    const cut = await probeGuest(lab, 'far');
    await lab.heal('webserv', 'eth0');

    expect(cut[0]).toBe('timeout');
    expect((await probeGuest(lab, 'far'))[0]).toBe('open');
    expect(await lab.host('xen1').exec(['ip', 'route'])).toEqual(before);
  });
});

describe('anti-spoofing', () => {
  test('without any, the broken set-up works; with rules, it does not; both labs have the same addresses', async () => {
    await using none = await startDocumentLab('none');
    await using rules = await startDocumentLab('iptables');
    await Promise.all([forward(none), forward(rules)]);

    expect(await probeGuest(none, 'far')).toEqual(['open', 'open', 'open']);
    expect(await probeGuest(rules, 'far')).toEqual(['open', 'timeout', 'timeout']);
    await rules.host('webserv').reboot();
    const raw = await rules.host('xen1').exec(['iptables', '-t', 'raw', '-S']);
    expect(raw.stdout).toContain('-A PREROUTING -i vif2.0 -j lab-vif2.0');
    expect(raw.stdout).not.toContain('vif1.');
  });
});

describe('the stand-in for vif-route', () => {
  test('leaves dom0 as the real one does', async () => {
    await using real = await startDocumentLab('rp_filter');
    await using standIn = await startDocumentLab('rp_filter', { vifScripts: 'stand-in' });
    const look = async (lab: Lab): Promise<string> => {
      const script = `ip -4 -o addr show | sed 's/ brd [0-9.]*//'; ip -4 route; cat /proc/sys/net/ipv4/conf/*/proxy_arp`;
      return (await lab.host('xen1').exec(['sh', '-c', script])).stdout;
    };

    expect(standIn.limits.join()).toContain('vif-route');
    expect(await look(standIn)).toBe(await look(real));
  });
});
