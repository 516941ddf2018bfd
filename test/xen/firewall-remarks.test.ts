import { describe, expect, test } from 'vitest';
import { firewallRemarks, hasReversePath } from '../../src/xen/firewall-remarks.ts';
import { guest, lan, vif, webserv, xen1 } from './fleet.ts';

const today = { hasReversePath: true, bridged: null };
const bridged = { ...vif(0, lan, ['192.168.0.9']), script: 'vif-bridge', bridge: 'xenbr0' };

describe('firewallRemarks', () => {
  test('has nothing to say of routed guests', () => {
    expect(firewallRemarks(xen1, [webserv], today)).toBeNull();
  });

  test('says whose allow lists no rule sees', () => {
    const guests = [webserv, guest('b', [bridged], []), guest('open', [bridged])];
    const said = 'what crosses a bridge is not filtered without br_netfilter: b';

    expect(firewallRemarks(xen1, guests, today)).toBe(said);
    expect(firewallRemarks(xen1, guests, { ...today, bridged: '0' })).toBe(said);
    expect(firewallRemarks(xen1, guests, { ...today, bridged: '1' })).toBeNull();
    expect(firewallRemarks({ ...xen1, antispoof: true }, guests, today)).toBe(`${said}, open`);
  });

  test('says what an old kernel cannot tell, and whom a policy closes', () => {
    const dom0 = {
      ...xen1,
      antispoof: true,
      firewall: { ...xen1.firewall, policy: 'drop' as const },
    };

    const said = firewallRemarks(dom0, [webserv], { ...today, hasReversePath: false });

    expect(said).toMatch(/^FORWARD drops: .*; before Linux 3\.3 /);
    expect(firewallRemarks(dom0, [webserv], today)).toMatch(/are closed$/);
  });
});

describe('hasReversePath', () => {
  test.each([
    ['2.6.18-4-xen-686', false],
    ['3.2.0-4-amd64', false],
    ['3.3.0', true],
    ['3.16.0-4-amd64', true],
    ['6.1.0-18-amd64', true],
    ['', true],
  ])('%s: %s', (release, has) => {
    expect(hasReversePath(release)).toBe(has);
  });
});
