import { describe, expect, test } from 'vitest';
import { iptablesFirewall } from '../../src/xen/firewall.ts';
import { bootScript, restoreFile } from '../../src/xen/firewall-boot.ts';
import { chains, firewallModel, firewallModels } from '../../src/xen/firewall-model.ts';
import { allowed, guest, lan, single, vif, xen1 } from './fleet.ts';
import { hasNamespaces, Namespace } from './namespace.ts';

const tiny = guest('tiny', [vif(0, lan, ['192.168.0.9'])], [allowed({ ports: [single(25)] })]);
const closing = { ...xen1, firewall: { ...xen1.firewall, policy: 'drop' as const } };
const firewall = iptablesFirewall(firewallModel(closing, [tiny], 4));

const dual = guest(
  'dual',
  [vif(0, lan, ['192.168.0.9', '2001:db8::9'])],
  [allowed({ ports: [single(25)] })],
);
/** Both families and both tables. */
const whole = firewallModels({ ...closing, antispoof: true }, [dual]).map(iptablesFirewall);

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

describe.runIf(hasNamespaces)('bootScript', () => {
  const shells = ['dash', 'bash', 'busybox sh'];
  const rules = (namespace: Namespace): string =>
    namespace
      .run('iptables-save -t filter')
      .split('\n')
      .filter((line) => line.startsWith('-A') || line.startsWith(':FORWARD'))
      .join('\n');

  test.each(shells)('loads the rules once, by %s', (shell) => {
    using namespace = new Namespace();

    namespace.run(shell, bootScript([firewall]));
    const first = rules(namespace);
    namespace.run(shell, bootScript([firewall]));

    expect(first).toContain(':FORWARD DROP');
    expect(first).toContain('-A FORWARD -j XPUSH-FWD');
    expect(first).toContain('-A XPUSH-FWD -d 192.168.0.9/32 -j DROP');
    expect(rules(namespace)).toBe(first);
  });

  test.each(shells)('loads both families and the raw table, by %s', (shell) => {
    using namespace = new Namespace();

    namespace.run(shell, bootScript(whole));

    for (const [tool, address] of [
      ['iptables', '192.168.0.9/32'],
      ['ip6tables', '2001:db8::9/128'],
    ]) {
      const saved = namespace.run(`${tool}-save`);
      expect(saved).toContain(`-A XPUSH-FWD -d ${address} -j DROP`);
      expect(saved).toContain('-A PREROUTING -j XPUSH-SPOOF');
      expect(saved).toContain('-A XPUSH-SPOOF -i vif+ -m rpfilter --invert -j DROP');
      expect(saved).toMatch(/^:FORWARD DROP/m);
    }
  });

  test('puts a missing jump first, and leaves other rules and kept peers alone', () => {
    using namespace = new Namespace();
    namespace.run('sh', bootScript([firewall]));
    namespace.run(`
      iptables -A XPUSH-KEEP -s 203.0.113.4 -j ACCEPT
      iptables -D FORWARD -j XPUSH-FWD
      iptables -A FORWARD -s 10.0.0.1 -j DROP
    `);

    namespace.run('sh', bootScript([firewall]));

    expect(rules(namespace)).toMatch(/-A FORWARD -j XPUSH-FWD\n-A FORWARD -s 10\.0\.0\.1\/32/);
    expect(rules(namespace)).toContain('-A XPUSH-KEEP -s 203.0.113.4/32 -j ACCEPT');
  });

  test('replaces older rules of ours that something else has restored', () => {
    using namespace = new Namespace();
    namespace.run('iptables -N XPUSH-FWD; iptables -A XPUSH-FWD -j ACCEPT');

    namespace.run('sh', bootScript([firewall]));

    expect(rules(namespace)).not.toContain('-A XPUSH-FWD -j ACCEPT');
    expect(rules(namespace)).toContain('-A XPUSH-FWD -d 192.168.0.9/32 -j DROP');
  });

  test('has no XPUSH-KEEP where nothing needs it', () => {
    const { keep, forward } = chains;
    const admin = { ...xen1, firewall: { ...xen1.firewall, admin: ['203.0.113.0/24'] } };

    expect(bootScript([firewall])).toContain(keep);
    const script = bootScript([iptablesFirewall(firewallModel(admin, [tiny], 4))]);
    expect(script).not.toContain(keep);
    expect(script).toContain(forward);
  });

  test('succeeds where the rules cannot be loaded', () => {
    using namespace = new Namespace();
    const broken = { ...firewall, chains: new Map([['XPUSH-FWD', ['-j NO-SUCH-TARGET']]]) };

    expect(namespace.run('sh 2>&1', bootScript([broken]))).toMatch(/line|failed|No such/);
  });
});
