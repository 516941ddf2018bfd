import { contains, parseIpv4 } from '../inventory/ipv4.ts';
import type { Dom0, DomU, Host, Inventory, Vif } from '../inventory/model.ts';
import { freeAddresses, gatewayFor, type Net, netsOf, withPrefix } from './address-space.ts';
import { installedConfig, installedInterfaces } from './installed-files.ts';
import { LabError } from './lab-error.ts';
import type { LabDom0, LabHostKind, LabHostPlan, LabNic, LabPlan } from './plan.ts';

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
}

const wire = 'lan';
const farNetworks = ['198.51.100', '203.0.113', '192.0.2']; // RFC 5737: nobody's own

/**
 * A lab for the fleet of an inventory, as an installer would leave it: every address is up, and nothing
 * routes. All networks share one wire, since a routed guest's addresses show on its dom0's uplink; bridged
 * vifs are on it themselves. Added are the router, a client and what lies beyond (`surroundings`); the
 * controller is on the wire too. Throws `LabError` for a host whose address is in none of the networks.
 */
export function labPlanFor(inventory: Inventory, options: InventoryPlanOptions = {}): LabPlan {
  const nets = netsOf(inventory);
  const taken = takenBy(inventory);
  const controller = freeAddresses(nets, taken, 10);
  const client = freeAddresses(nets, taken, 50);
  if (controller.length === 0) throw new LabError('no network has an address for the controller');
  const names = surroundings(inventory);
  const gateways = nets.flatMap(({ subnet, gateway }) =>
    gateway === null || taken.has(gateway) ? [] : [`${gateway}/${subnet.prefix}`],
  );
  const gateway = gatewayFor(controller[0], nets);
  const beyond = `${names.farAddress.replace(/\d+$/, '1')}`;
  return {
    segments: [{ name: wire, controller }, { name: 'far' }],
    ...(gateway === undefined ? {} : { controllerGateway: gateway }),
    hosts: [
      {
        name: names.router,
        kind: 'bare',
        nics: [
          { segment: wire, addresses: gateways },
          { segment: 'far', addresses: [`${beyond}/24`] },
        ],
        sysctls: { 'net.ipv4.ip_forward': 1 },
      },
      machine(names.client, client, nets),
      {
        name: names.far,
        kind: 'bare',
        nics: [{ segment: 'far', addresses: [`${names.farAddress}/24`] }],
        gateway: beyond,
      },
      ...[...inventory.hosts.values()].map((host) => hostPlan(host, inventory, nets, options)),
    ],
  };
}

/** What the machines are called that `labPlanFor` adds: names that no host of the inventory has. */
export function surroundings(inventory: Inventory): Surroundings {
  const free = (name: string): string => (inventory.hosts.has(name) ? free(`lab-${name}`) : name);
  const nets = netsOf(inventory);
  const far = farNetworks.find((three) =>
    nets.every(({ subnet }) => !contains(subnet, parseIpv4(`${three}.2`) ?? 0)),
  );
  if (far === undefined) throw new LabError('no network is left for what lies beyond the router');
  return {
    router: free('router'),
    client: free('client'),
    far: free('far'),
    farAddress: `${far}.2`,
  };
}

function hostPlan(
  host: Host,
  inventory: Inventory,
  nets: readonly Net[],
  {
    antispoof = 'rp_filter',
    forwarding = false,
    guestRpFilter = 0,
    kinds = {},
  }: InventoryPlanOptions,
): LabHostPlan {
  const kind = kinds[host.name] ?? 'full';
  if (host.kind === 'domU') {
    const gateway = gatewayFor(host.vifs[0]?.ips[0], nets);
    return {
      name: host.name,
      kind,
      nics: host.vifs.map((vif) => guestNic(vif, host, nets)),
      ...(gateway === undefined ? {} : { gateway }),
      sysctls: { 'net.ipv4.conf.all.rp_filter': guestRpFilter },
      files: { '/etc/network/interfaces': installedInterfaces(host, gateway) },
    };
  }
  const address = withPrefix(host.address, nets);
  if (address === null) {
    throw new LabError(
      `${host.name}: the address ${host.address} is in no network of the inventory`,
    );
  }
  const plain = { ...machine(host.name, [address], nets), kind };
  if (host.kind === 'host') return plain;
  return {
    ...plain,
    nics: [{ segment: wire, iface: host.uplink, addresses: [address] }],
    dom0: { uplink: host.uplink, antispoof, forwarding },
    files: Object.fromEntries(
      guestsOf(host, inventory).map((guest) => [guest.config, installedConfig(guest)]),
    ),
  };
}

function machine(name: string, addresses: readonly string[], nets: readonly Net[]): LabHostPlan {
  const gateway = gatewayFor(addresses[0], nets);
  return {
    name,
    kind: 'bare',
    nics: [{ segment: wire, addresses }],
    ...(gateway === undefined ? {} : { gateway }),
  };
}

function guestNic(
  { iface, mac, ips, script, bridge }: Vif,
  guest: DomU,
  nets: readonly Net[],
): LabNic {
  const addresses = ips.map((ip) => withPrefix(ip, nets) ?? `${ip}/64`);
  const isBridged = bridge !== null || script.split('/').at(-1) === 'vif-bridge';
  return isBridged
    ? { segment: wire, iface, mac, addresses }
    : { vifOf: guest.dom0, iface, mac, addresses };
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
