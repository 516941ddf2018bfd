import type {
  Allow,
  Data,
  DomU,
  Host,
  Inventory,
  PortRange,
  SshSettings,
  Vif,
  VifAddresses,
} from '../inventory/model.ts';
import { desiredRouting, families, formatRoute, needsTable } from '../xen/routing.ts';

const BRANCH = '|-- ';

/** The JSON of `xpush inventory --list`: the fleet as it was understood, derived values included. */
export function describeInventory(inventory: Inventory): Data {
  return {
    networks: Object.fromEntries(
      [...inventory.networks].map(([name, { subnet, gateway, vlan }]) => [
        name,
        { subnet, gateway, vlan },
      ]),
    ),
    hosts: Object.fromEntries(
      [...inventory.hosts].map(([name, host]) => [name, describeHost(host)]),
    ),
    groups: Object.fromEntries(
      [...inventory.groups].map(([name, { hosts, children }]) => [name, { hosts, children }]),
    ),
    playbooks: inventory.playbooks,
  };
}

/** The JSON of `xpush inventory --host`; a domU's rules are worded as `ip rule` prints them. */
export function describeHost(host: Host): { readonly [key: string]: Data } {
  const common = {
    kind: host.kind,
    address: host.address,
    ssh: describeSsh(host.ssh),
    become: host.become === null ? null : { ...host.become },
    vars: { ...host.vars },
    groups: host.groups,
    position: { ...host.position },
  };
  if (host.kind === 'host') return common;
  if (host.kind === 'dom0') {
    const { uplink, xen, antispoof, domUs } = host;
    const firewall = { ...host.firewall, rules: host.firewall.rules.map(describeAllow) };
    return { ...common, uplink, xen: { ...xen }, firewall, antispoof, domUs };
  }
  return {
    ...common,
    dom0: host.dom0,
    config: host.config,
    names: host.names,
    network_config: host.networkConfig,
    vifs: host.vifs.map(describeVif),
    ...describeRouting(host),
    allow: host.allow?.map(describeAllow) ?? null,
  };
}

/** The text of `xpush inventory --graph`: each dom0 with its guests, plain hosts, then the groups. */
export function inventoryGraph(inventory: Inventory): string {
  const lines: string[] = [];
  for (const host of inventory.hosts.values()) {
    if (host.kind === 'domU') continue;
    lines.push(`${host.name} (${host.kind}) ${host.address}`);
    for (const name of host.kind === 'dom0' ? host.domUs : []) {
      const guest = inventory.hosts.get(name);
      if (guest?.kind !== 'domU') continue;
      lines.push(`${BRANCH}${name} (domU) ${addressesOf(guest)}`);
    }
  }
  for (const { name, hosts, children } of inventory.groups.values()) {
    const parts = [...children.map((child) => `@${child}`), ...hosts];
    lines.push(`@${name}: ${parts.join(', ') || '-'}`);
  }
  return `${lines.join('\n')}\n`;
}

function describeSsh(ssh: SshSettings): Data {
  return {
    user: ssh.user,
    port: ssh.port,
    identity: ssh.identity,
    password: ssh.password,
    jump: ssh.jump,
    host_key: ssh.hostKey,
    known_hosts: ssh.knownHosts,
    host_key_checking: ssh.hostKeyChecking,
    connect_timeout: ssh.connectTimeoutSeconds,
    legacy_algorithms: ssh.legacyAlgorithms,
  };
}

function addressesOf({ vifs, address }: DomU): string {
  return vifs.map(({ iface, ips }) => `${iface}=${ips.join(',')}`).join(' ') || address;
}

function describeVif(vif: Vif): Data {
  const { position, ips, ipv4, ipv6, table, ...rest } = vif;
  return {
    ...rest,
    ips,
    ipv4: describeAddresses(ipv4),
    ipv6: describeAddresses(ipv6),
    table: { ...table },
    position: { ...position },
  };
}

function describeAddresses(addresses: VifAddresses | null): Data {
  if (addresses === null) return null;
  const { ips, network, prefix, priorities } = addresses;
  return { ips, network: network.name, prefix, priorities };
}

function describeAllow(allow: Allow): Data {
  const { proto, ports, from, fromPorts, direction, to, comment } = allow;
  return {
    proto,
    ports: ports.map(portText),
    from,
    from_ports: fromPorts.map(portText),
    direction,
    to,
    comment,
  };
}

function portText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

/** What ip_rules gives a guest, as `ip rule` and `ip route` print it; a table's IPv4 comes first. */
function describeRouting(domU: DomU): { readonly rules: string[]; readonly tables: Data } {
  const ofBoth = families.map((family) => desiredRouting(domU, family));
  const rules = ofBoth.flatMap((routing) => routing.rules);
  const routes = ofBoth.flatMap((routing) => routing.routes);
  const tables = domU.vifs.filter((vif) => needsTable(domU, vif)).map(({ table }) => table);
  return {
    rules: rules
      .toSorted((left, right) => left.priority - right.priority)
      .map(
        ({ priority, from, table }) =>
          `${priority}: from ${withoutHostPrefix(from)} lookup ${table}`,
      ),
    tables: tables.map(({ id, name }) => ({
      id,
      name,
      routes: routes.filter(({ table }) => table === id).map(formatRoute),
    })),
  };
}

/** As `ip rule` prints a network: one of a single address without its prefix length. */
function withoutHostPrefix(network: string): string {
  return network.replace(network.includes(':') ? /\/128$/ : /\/32$/, '');
}
