import { familyOf, holdsIp, parseIp } from '../inventory/address.ts';
import type { Dom0, DomU, Family, Host, Inventory } from '../inventory/model.ts';
import { freeAddresses, gatewayFor, type Net, netOf, netsOf, withPrefix } from './address-space.ts';
import { guestPlan, isBridged } from './guest-plan.ts';
import { installedConfig } from './installed-files.ts';
import { LabError } from './lab-error.ts';
import type { LabDom0, LabHostKind, LabHostPlan, LabPlan } from './plan.ts';

/** What the inventory does not say of the fleet. */
export interface InventoryPlanOptions {
  /** What drops a guest's packets with a foreign source. Default: `rp_filter`. */
  readonly antispoof?: NonNullable<LabDom0['antispoof']>;
  /** Whether dom0s forward already, as if set by hand. Default: false. */
  readonly forwarding?: boolean;
  /** rp_filter of the guests (0 off, 1 strict, 2 loose). Default: 0. */
  readonly guestRpFilter?: 0 | 1 | 2;
  /** Hosts that are not `full`, by name. */
  readonly kinds?: Readonly<Record<string, LabHostKind>>;
}

/** The machines around the fleet, by the names that they have in the lab. */
export interface Surroundings {
  /** Owns the gateways' addresses. */
  readonly router: string;
  /** On the wire, beside the controller. */
  readonly client: string;
  /** Beyond the router. */
  readonly far: string;
  /** Its address. */
  readonly farAddress: string;
  /** Its IPv6 address; null where the fleet has no IPv6 network. */
  readonly farAddress6: string | null;
}

const wire = 'lan';
const farNetworks = ['198.51.100.', '203.0.113.', '192.0.2.']; // RFC 5737: nobody's own
const farNetworks6 = ['3fff:1::', '3fff:2::', '3fff:3::', '2001:db8:ffff::']; // RFC 9637, RFC 3849

/**
 * A lab for the fleet of an inventory, as an installer would leave it: every address is up, and nothing
 * routes. All networks share one wire, since a routed guest's addresses show on its dom0's uplink; bridged
 * vifs are on it themselves. Added are the router, a client and what lies beyond (`surroundings`); the
 * controller is on the wire too. A dom0 gets an address of each family that its routed guests have, and
 * one of IPv4 always, without which vif-route fails. Throws `LabError` for a host whose address is in none
 * of the networks.
 */
export function labPlanFor(inventory: Inventory, options: InventoryPlanOptions = {}): LabPlan {
  const nets = netsOf(inventory);
  const taken = takenBy(inventory);
  const controller = freeAddresses(nets, taken, 10);
  const client = freeAddresses(nets, taken, 50);
  if (controller.length === 0) throw new LabError('no network has an address for the controller');
  const around = surroundings(inventory);
  // One of IPv6 may be link-local, which only the machines on its link can use.
  const gateway = gatewayFor(controller, 4, nets);
  return {
    segments: [{ name: wire, controller }, { name: 'far' }],
    ...(gateway === undefined ? {} : { controllerGateway: gateway }),
    hosts: [
      routerPlan(around, nets, taken),
      machine(around.client, client, nets),
      farPlan(around),
      ...[...inventory.hosts.values()].map((host) =>
        hostPlan(host, inventory, { nets, taken }, options),
      ),
    ],
  };
}

/** What the machines are called that `labPlanFor` adds: names that no host of the inventory has. */
export function surroundings(inventory: Inventory): Surroundings {
  const free = (name: string): string => (inventory.hosts.has(name) ? free(`lab-${name}`) : name);
  const nets = netsOf(inventory);
  const isFree = (address: string): boolean => netOf(address, nets) === null;
  const hasIpv6 = nets.some(({ subnet }) => subnet.family === 6);
  const far = farNetworks.find((each) => isFree(`${each}2`));
  const far6 = farNetworks6.find((each) => isFree(`${each}2`));
  if (far === undefined || far6 === undefined) {
    throw new LabError('no network is left for what lies beyond the router');
  }
  return {
    router: free('router'),
    client: free('client'),
    far: free('far'),
    farAddress: `${far}2`,
    farAddress6: hasIpv6 ? `${far6}2` : null,
  };
}

/** The router's address in the network of the far machine. */
const beyond = (farAddress: string): string => farAddress.replace(/\d+$/, '1');

function routerPlan(
  { router, farAddress, farAddress6 }: Surroundings,
  nets: readonly Net[],
  taken: ReadonlySet<string>,
): LabHostPlan {
  const routed = nets.flatMap(({ gateway, ...net }) =>
    gateway === null || taken.has(gateway) ? [] : [{ ...net, gateway }],
  );
  const isInside = ({ subnet, gateway }: (typeof routed)[number]): boolean => {
    const address = parseIp(gateway);
    return address !== null && holdsIp(subnet, address);
  };
  const addresses = routed.map((net) => `${net.gateway}/${isInside(net) ? net.subnet.prefix : 64}`);
  // To a link-local gateway the network is on its link all the same.
  const routes = routed.filter((net) => !isInside(net)).map(({ text }) => `${text} dev eth0`);
  const far6 = farAddress6 === null ? [] : [`${beyond(farAddress6)}/64`];
  return {
    name: router,
    kind: 'bare',
    nics: [
      { segment: wire, addresses: [...new Set(addresses)] },
      { segment: 'far', addresses: [`${beyond(farAddress)}/24`, ...far6] },
    ],
    ...(routes.length === 0 ? {} : { routes }),
    sysctls: { 'net.ipv4.ip_forward': 1, ...forwarding6(farAddress6 !== null) },
  };
}

function farPlan({ far, farAddress, farAddress6 }: Surroundings): LabHostPlan {
  const ipv6 =
    farAddress6 === null
      ? null
      : { address: `${farAddress6}/64`, route: `::/0 via ${beyond(farAddress6)} dev eth0` };
  return {
    name: far,
    kind: 'bare',
    nics: [{ segment: 'far', addresses: [`${farAddress}/24`, ...(ipv6 ? [ipv6.address] : [])] }],
    gateway: beyond(farAddress),
    ...(ipv6 ? { routes: [ipv6.route] } : {}),
  };
}

interface Space {
  readonly nets: readonly Net[];
  readonly taken: Set<string>;
}

function hostPlan(
  host: Host,
  inventory: Inventory,
  space: Space,
  options: InventoryPlanOptions,
): LabHostPlan {
  const { nets } = space;
  const { antispoof = 'rp_filter', forwarding = false, guestRpFilter = 0, kinds = {} } = options;
  const kind = kinds[host.name] ?? 'full';
  if (host.kind === 'domU') {
    return { ...guestPlan(host, wire, nets, guestRpFilter), kind };
  }
  const address = withPrefix(host.address, nets);
  if (address === null) {
    throw new LabError(
      `${host.name}: the address ${host.address} is in no network of the inventory`,
    );
  }
  if (host.kind === 'host') return { ...machine(host.name, [address], nets), kind };
  const guests = guestsOf(host, inventory);
  const hasIpv6 = nets.some(({ subnet }) => subnet.family === 6);
  const sysctls = forwarding && hasIpv6 ? ndpSettings(host.uplink) : {};
  return {
    ...machine(host.name, [address, ...otherAddresses(host, guests, space)], nets, host.uplink),
    kind,
    dom0: { uplink: host.uplink, antispoof, forwarding },
    ...(Object.keys(sysctls).length === 0 ? {} : { sysctls }),
    files: Object.fromEntries(guests.map((guest) => [guest.config, installedConfig(guest)])),
  };
}

/** Addresses that a dom0 needs beside the one that it is called by. */
function otherAddresses(
  { address }: Dom0,
  guests: readonly DomU[],
  { nets, taken }: Space,
): readonly string[] {
  const routed = guests.flatMap(({ vifs }) => vifs.filter((vif) => !isBridged(vif)));
  return ([4, 6] as const).flatMap((family: Family): readonly string[] => {
    if (familyOf(address) === family || routed.length === 0) return [];
    const first = routed.flatMap(({ ips }) => ips).find((ip) => familyOf(ip) === family);
    const net = netOf(first, nets);
    const found = net === null ? [] : freeAddresses([net], taken, 100);
    if (found.length > 0 || family === 6) return found;
    // RFC 3927, and it never leaves the wire.
    const own = { subnet: linkLocal4, text: '', gateway: null };
    return freeAddresses([own], taken, 257);
  });
}

const linkLocal4 = { family: 4, first: 0xa9fe_0000n, prefix: 16 } as const;

function ndpSettings(uplink: string): Readonly<Record<string, number>> {
  return { ...forwarding6(true), [`net/ipv6/conf/${uplink}/proxy_ndp`]: 1 };
}

function forwarding6(isOn: boolean): Readonly<Record<string, number>> {
  return isOn ? { 'net.ipv6.conf.all.forwarding': 1 } : {};
}

function machine(
  name: string,
  addresses: readonly string[],
  nets: readonly Net[],
  iface?: string,
): LabHostPlan {
  const gateway = gatewayFor(addresses, 4, nets);
  const gateway6 = gatewayFor(addresses, 6, nets);
  return {
    name,
    kind: 'bare',
    nics: [{ segment: wire, ...(iface === undefined ? {} : { iface }), addresses }],
    ...(gateway === undefined ? {} : { gateway }),
    ...(gateway6 === undefined ? {} : { routes: [`::/0 via ${gateway6} dev ${iface ?? 'eth0'}`] }),
  };
}

function guestsOf(dom0: Dom0, inventory: Inventory): readonly DomU[] {
  return [...inventory.hosts.values()].filter(
    (host): host is DomU => host.kind === 'domU' && host.dom0 === dom0.name,
  );
}

function takenBy(inventory: Inventory): Set<string> {
  return new Set(
    [...inventory.hosts.values()].flatMap((host) =>
      host.kind === 'domU' ? host.vifs.flatMap(({ ips }) => ips) : [host.address],
    ),
  );
}
