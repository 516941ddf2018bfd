import { describe, expect, test } from 'vitest';
import { chains, desiredFirewall } from '../../src/xen/firewall.ts';
import { firewallHook, restoreFile } from '../../src/xen/firewall-boot.ts';
import { allowed, guest, lan, single, vif, xen1 } from './fleet.ts';
import { hasNamespaces, Namespace } from './namespace.ts';

const tiny = guest('tiny', [vif(0, lan, ['192.168.0.9'])], [allowed({ ports: [single(25)] })]);
const firewall = desiredFirewall({ ...xen1, firewall: { ...xen1.firewall, policy: 'drop' } }, [
  tiny,
]);

describe('restoreFile', () => {
  test('declares our chains, the policy and the rules, and nothing else', () => {
    expect(restoreFile(firewall)).toBe(`*filter
:FORWARD DROP [0:0]
:XPUSH-FWD - [0:0]
-A XPUSH-FWD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A XPUSH-FWD -p icmp -m icmp --icmp-type 3/4 -j ACCEPT
-A XPUSH-FWD -j XPUSH-KEEP
-A XPUSH-FWD -s 192.168.0.9/32 -j DROP
-A XPUSH-FWD -d 192.168.0.9/32 -p tcp -m tcp --dport 25 -m conntrack --ctstate NEW -j ACCEPT
-A XPUSH-FWD -d 192.168.0.9/32 -j DROP
COMMIT
`);
  });
});

describe.runIf(hasNamespaces)('firewallHook', () => {
  const shells = ['dash', 'bash', 'busybox sh'];
  const rules = (namespace: Namespace): string =>
    namespace
      .run('iptables-save -t filter')
      .split('\n')
      .filter((line) => line.startsWith('-A') || line.startsWith(':FORWARD'))
      .join('\n');

  test.each(shells)('loads the rules once, by %s', (shell) => {
    using namespace = new Namespace();

    namespace.run(shell, firewallHook(firewall));
    const first = rules(namespace);
    namespace.run(shell, firewallHook(firewall));

    expect(first).toContain(':FORWARD DROP');
    expect(first).toContain('-A FORWARD -j XPUSH-FWD');
    expect(first).toContain('-A XPUSH-FWD -d 192.168.0.9/32 -j DROP');
    expect(rules(namespace)).toBe(first);
  });

  test('puts a missing jump first, and leaves other rules and kept peers alone', () => {
    using namespace = new Namespace();
    namespace.run('sh', firewallHook(firewall));
    namespace.run(`
      iptables -A XPUSH-KEEP -s 203.0.113.4 -j ACCEPT
      iptables -D FORWARD -j XPUSH-FWD
      iptables -A FORWARD -s 10.0.0.1 -j DROP
    `);

    namespace.run('sh', firewallHook(firewall));

    expect(rules(namespace)).toMatch(/-A FORWARD -j XPUSH-FWD\n-A FORWARD -s 10\.0\.0\.1\/32/);
    expect(rules(namespace)).toContain('-A XPUSH-KEEP -s 203.0.113.4/32 -j ACCEPT');
  });

  test('replaces older rules of ours that something else has restored', () => {
    using namespace = new Namespace();
    namespace.run('iptables -N XPUSH-FWD; iptables -A XPUSH-FWD -j ACCEPT');

    namespace.run('sh', firewallHook(firewall));

    expect(rules(namespace)).not.toContain('-A XPUSH-FWD -j ACCEPT');
    expect(rules(namespace)).toContain('-A XPUSH-FWD -d 192.168.0.9/32 -j DROP');
  });

  test('has no XPUSH-KEEP where nothing needs it', () => {
    const { keep, forward } = chains;
    const admin = { ...xen1, firewall: { ...xen1.firewall, admin: ['203.0.113.0/24'] } };

    expect(firewallHook(firewall)).toContain(keep);
    expect(firewallHook(desiredFirewall(admin, [tiny]))).not.toContain(keep);
    expect(firewallHook(desiredFirewall(admin, [tiny]))).toContain(forward);
  });

  test('succeeds where the rules cannot be loaded', () => {
    using namespace = new Namespace();
    const broken = { ...firewall, chains: new Map([['XPUSH-FWD', ['-j NO-SUCH-TARGET']]]) };

    expect(namespace.run('sh 2>&1', firewallHook(broken))).toMatch(/line|failed|No such/);
  });
});
