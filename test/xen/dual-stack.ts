import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { DomU } from '../../src/inventory/model.ts';

/** Guests with addresses of both families, as the inventory's own loader makes them. */
const inventory = await loadInventory({
  argument: '-',
  stdin: `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  storage: { subnet: 10.8.0.0/16 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "2001:db8:1::1" }
  dmz6: { subnet: "2001:db8:2::/64", gateway: "2001:db8:2::1" }
  local6: { subnet: "2001:db8:3::/64", gateway: "fe80::1" }
dom0:
  xen1: { address: 192.168.0.100 }
domU:
  routed:
    dom0: xen1
    vifs:
      - { ips: [192.168.0.200, "2001:db8:1::200"] }
      - { ips: [192.168.0.201, "2001:db8:1::201", "2001:db8:1::202"] }
  bridged:
    dom0: xen1
    vifs:
      - { script: vif-bridge, ips: [192.168.0.210, "2001:db8:1::210"] }
      - { script: vif-bridge, ips: ["2001:db8:1::211", 10.8.0.211] }
      - { script: vif-bridge, ip: "2001:db8:2::212" }
  single:
    dom0: xen1
    vifs:
      - { ips: [192.168.0.220, 192.168.0.221, "2001:db8:1::220", "2001:db8:1::221"] }
  mixed:
    dom0: xen1
    vifs:
      - { script: vif-bridge, ip: "2001:db8:3::230" }
      - { ips: [192.168.0.231] }
      - { ips: [10.8.0.232, "2001:db8:2::232"] }
`,
});

function guestOf(name: string): DomU {
  const host = inventory.hosts.get(name);
  if (host?.kind !== 'domU') throw new Error(`no guest ${name}`);
  return host;
}

/** Two vifs through dom0, several addresses of both families. */
export const routed = guestOf('routed');
/** Three vifs on bridges, in networks that they share and that they do not. */
export const bridged = guestOf('bridged');
/** One vif, no policy routing. */
export const single = guestOf('single');
/** A bridged vif of IPv6 with a link-local gateway, a routed one of IPv4, and a routed one of both. */
export const mixed = guestOf('mixed');
