import type { Data } from '../source/data.ts';
import type { Position } from '../source/position.ts';
import type { Secret } from '../source/secret.ts';
import type { SourceNode } from '../source/source-node.ts';

export type { Data } from '../source/data.ts';

/** A network of the fleet; a vif's network is the one whose subnet holds its address. */
export interface Network {
  readonly name: string;
  /** CIDR, `192.168.0.0/24` or `2001:db8::/64`. */
  readonly subnet: string;
  readonly gateway: string | null;
  readonly vlan: number | null;
}

/** How to reach a host; what is null comes from the user's OpenSSH config. */
export interface SshSettings {
  readonly user: string | null;
  readonly port: number | null;
  readonly identity: string | null;
  /** Sent when no key lets us in. */
  readonly password: Secret | null;
  /** A host of the inventory or an address, or `dom0` for a domU's own. */
  readonly jump: string | null;
  readonly hostKey: string | null;
  readonly knownHosts: string | null;
  readonly hostKeyChecking: 'strict' | 'accept-new' | null;
  readonly connectTimeoutSeconds: number | null;
  readonly legacyAlgorithms: boolean;
  /** `local`: the host is this machine itself. */
  readonly transport: 'ssh2' | 'openssh' | 'local' | null;
}

/** Whom programs run as on a host, when that is not who logs in. */
export interface BecomeSettings {
  readonly method: 'sudo' | 'doas' | 'su';
  readonly user: string;
  /** For sudo that of the login user, for su that of `user`. */
  readonly password: Secret | null;
}

interface AnyHost {
  readonly name: string;
  /** Address or DNS name that the controller connects to. */
  readonly address: string;
  readonly ssh: SshSettings;
  /** null: programs run as the login user. */
  readonly become: BecomeSettings | null;
  /** After precedence: top < groups, outer to inner < host. */
  readonly vars: Readonly<Record<string, Data>>;
  /** Names of all groups the host is in, built-in ones included. */
  readonly groups: readonly string[];
  readonly safety: Safety;
  readonly expect: Expectation;
  readonly position: Position;
}

/** How a host is kept from being cut off. */
export interface Safety {
  /** How long a host waits for the controller to come back before it undoes a network change. */
  readonly confirmTimeoutSeconds: number;
  /** What a host does that could not undo a change: nothing, reboot, or let the controller's SSH in. */
  readonly onRollbackFailure: 'stay' | 'reboot' | 'open';
  /** Runs that can be undone later. */
  readonly keepGenerations: number;
  /** Whether files in force may change where nothing could undo that at a boot. */
  readonly allowNoBootHook: boolean;
}

export const usualSafety: Safety = {
  confirmTimeoutSeconds: 30,
  onRollbackFailure: 'stay',
  keepGenerations: 3,
  allowNoBootHook: false,
};

/** What a host must say of itself before anything is done to it; null: anything. */
export interface Expectation {
  readonly hostname: string | null;
  readonly machineId: string | null;
}

export const noExpectation: Expectation = { hostname: null, machineId: null };

/** A machine that is no part of a Xen pair. */
export interface PlainHost extends AnyHost {
  readonly kind: 'host';
}

/** A Xen control domain: routes for its domUs. */
export interface Dom0 extends AnyHost {
  readonly kind: 'dom0';
  /** Interface towards the networks, `eth0`. */
  readonly uplink: string;
  readonly xen: { readonly version: string | null; readonly toolstack: 'xl' | 'xm' };
  readonly firewall: Dom0Firewall;
  readonly antispoof: boolean;
  /** Its domUs in inventory order. */
  readonly domUs: readonly string[];
}

export interface Dom0Firewall {
  readonly backend: 'auto' | 'iptables' | 'nftables';
  /** `drop` also sets the policy of FORWARD. */
  readonly policy: 'leave' | 'drop';
  /** Networks that may reach the domUs' port 22; null when the inventory does not say. */
  readonly admin: readonly string[] | null;
  /** Entries for all guests; their `to` names the address. */
  readonly rules: readonly Allow[];
  /** Rate of logging what is closed, such as `5/minute`; null for none. */
  readonly log: string | null;
}

/** A Xen guest. */
export interface DomU extends AnyHost {
  readonly kind: 'domU';
  readonly dom0: string;
  /** Its configuration file on dom0, `/etc/xen/<name>.cfg`. */
  readonly config: string;
  readonly vifs: readonly Vif[];
  /** null: not filtered; a list: closed but for it. */
  readonly allow: readonly Allow[] | null;
  /** How interface names are tied to MACs; null: decided by what the host has. */
  readonly names: 'iftab' | 'udev' | 'link' | 'none' | null;
  readonly networkConfig: 'ifupdown' | 'networkd' | 'netplan' | null;
}

/** One virtual interface of a domU, derived values included. */
export interface Vif {
  /** `eth0`, `eth1`, ... by place unless written. */
  readonly iface: string;
  /** Lower case, colons. */
  readonly mac: string;
  /** Addresses that dom0 lets through, both families, as written, without prefix length; at least one. */
  readonly ips: readonly string[];
  /** Those of each family; null where it has none. */
  readonly ipv4: VifAddresses | null;
  readonly ipv6: VifAddresses | null;
  /** The same table id serves both families. */
  readonly table: { readonly id: number; readonly name: string };
  readonly script: string;
  readonly bridge: string | null;
  readonly vifname: string | null;
  readonly gatewaydev: string | null;
  readonly rate: string | null;
  readonly model: string | null;
  readonly position: Position;
}

/** A vif's addresses of one family; all of them lie in one network. */
export interface VifAddresses {
  /** The first is the main one. */
  readonly ips: readonly [string, ...string[]];
  readonly network: Network;
  /** Prefix length of that network's subnet. */
  readonly prefix: number;
  /** Priority of the rule of each address, in step with `ips`. */
  readonly priorities: readonly number[];
}

/** Something that may pass dom0's firewall. */
export interface Allow {
  readonly proto: 'tcp' | 'udp' | 'icmp';
  /** Single ports and ranges; empty: any (always empty for icmp). */
  readonly ports: readonly PortRange[];
  /** Networks or addresses in CIDR form; empty: anywhere. */
  readonly from: readonly string[];
  readonly fromPorts: readonly PortRange[];
  /** As seen from the domU. */
  readonly direction: 'in' | 'out';
  /** `in`: addresses of the domU, empty for all of them. `out`: where to, empty for anywhere. */
  readonly to: readonly string[];
  readonly comment: string | null;
}

/** Inclusive; `first === last` for a single port. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export type Host = Dom0 | DomU | PlainHost;

export interface Group {
  readonly name: string;
  /** All members, those of child groups included, in inventory order. */
  readonly hosts: readonly string[];
  readonly children: readonly string[];
}

/** IPv4 or IPv6, by number. */
export type Family = 4 | 6;

/** The fleet, whole and checked. */
export interface Inventory {
  readonly networks: ReadonlyMap<string, Network>;
  /** In the order of the file: dom0s, domUs, plain hosts. */
  readonly hosts: ReadonlyMap<string, Host>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Playbook files named by the inventory, absolute. */
  readonly playbooks: readonly string[];
  /** What it was built of, for what a run adds to it; absent: nothing can be. */
  readonly sources?: readonly SourceNode[];
}
