/** What a lab consists of. Plain data, so that it can be derived from an inventory and stored. */
export interface LabPlan {
  /** The networks: each is a bridge. */
  readonly segments: readonly LabSegment[];
  readonly hosts: readonly LabHostPlan[];
  /** The controller's default gateway, for what lies beyond its own segments. */
  readonly controllerGateway?: string;
}

/** One Ethernet segment. */
export interface LabSegment {
  readonly name: string;
  /** The controller's own addresses on it, such as `192.168.0.10/24`; none: the controller isn't on it. */
  readonly controller?: readonly string[];
}

/**
 * What a host is made of.
 * `full`: the machine's own /usr, dash, coreutils, OpenSSH, both iptables.
 * `systemd`: as `full`, with systemd as its first process; what it starts lies in its own control groups.
 * `mini`: busybox, dropbear and legacy iptables, nothing else.
 * `bare`: as `full` without an SSH server; for routers and clients.
 */
export type LabHostKind = 'full' | 'systemd' | 'mini' | 'bare';

/** One host. */
export interface LabHostPlan {
  readonly name: string;
  /** Default: `full`. */
  readonly kind?: LabHostKind;
  /** Interfaces, in order; the first one bears the default route. */
  readonly nics: readonly LabNic[];
  /** Default gateway, by the first interface. */
  readonly gateway?: string;
  /** More routes, each the words after `ip route add`. */
  readonly routes?: readonly string[];
  /** Set at boot before the network, as `net.ipv4.ip_forward`; a name with a slash is taken as a path (`net/ipv4/conf/eth0.5/rp_filter`). */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Files on its disk before the first boot, by absolute path. `/usr` is the machine's, read only, but for `/usr/local`. */
  readonly files?: Readonly<Record<string, LabFile>>;
  /**
   * Debian packages it has beyond the machine's own, of any but a `mini` host: downloaded once, unpacked over /usr and /etc,
   * not installed, so without what they depend on. See `missingRequirements`.
   */
  readonly packages?: readonly string[];
  /**
   * What sets up its network at boot. Default: `plan`, the addresses and routes above, with the hooks in /etc/network/if-*.d
   * run as ifupdown would. `interfaces`: `ifup -a`, once there is an /etc/network/interfaces (`full`: package ifupdown).
   */
  readonly bootFrom?: 'plan' | 'interfaces';
  /** Login shells of `root` and `ops`. Default: `/bin/sh`. */
  readonly shells?: Readonly<Record<string, string>>;
  /** Makes it a dom0: the `vifOf` of domUs may name it. */
  readonly dom0?: LabDom0;
  /** Size of its disk, which holds all but /usr, /run and /tmp. Default: 64. */
  readonly diskMiB?: number;
}

/** How a dom0 treats its guests' traffic. */
export interface LabDom0 {
  /** The interface whose address vif-route gives to the vifs. Default: `eth0`. */
  readonly uplink?: string;
  /**
   * What drops a guest's packets with a foreign source. Default: `rp_filter`, set on each vif;
   * `iptables`: a rule a vif in the raw table. With `none`, a guest without policy routing works, and a test proves nothing.
   */
  readonly antispoof?: 'rp_filter' | 'iptables' | 'none';
  /** Boot with ip_forward and the uplink's proxy_arp on. Default: false, as setting them is xpush's job. */
  readonly forwarding?: boolean;
}

/** An interface on a segment, or one that a dom0 gives to its guest. */
export type LabNic = LabSegmentNic | LabVif;

interface LabNicBase {
  /** Default: `eth` and its position. */
  readonly iface?: string;
  /** Default: derived from the host's position in the plan. */
  readonly mac?: string;
  /** Addresses with prefix lengths, both families, set at boot. */
  readonly addresses?: readonly string[];
}

export interface LabSegmentNic extends LabNicBase {
  readonly segment: string;
}

export interface LabVif extends LabNicBase {
  /** Name of the dom0. */
  readonly vifOf: string;
  /** What vif-route lets through. Default: the IPv4 addresses of `addresses`. */
  readonly ips?: readonly string[];
}

/** A file's content, or its content, mode and owner. Default: 0644, owned by root; missing directories are made. */
export type LabFile =
  | string
  | {
      readonly content: string | Uint8Array;
      readonly mode?: number;
      /** Numeric user and group, such as `[1000, 1000]`. */
      readonly owner?: readonly [number, number];
    };

/** An interface with all that the plan leaves to defaults. */
export interface ResolvedNic {
  readonly iface: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly link:
    | { readonly kind: 'segment'; readonly segment: string }
    | { readonly kind: 'vif'; readonly dom0: string; readonly ips: readonly string[] };
}

/** The interfaces of the host at `position` in the plan, defaults filled in. */
export function resolveNics(host: LabHostPlan, position: number): readonly ResolvedNic[] {
  return host.nics.map((nic, index) => {
    const addresses = nic.addresses ?? [];
    return {
      iface: nic.iface ?? `eth${index}`,
      mac: (nic.mac ?? defaultMac(position, index)).toLowerCase(),
      addresses,
      link:
        'segment' in nic
          ? { kind: 'segment', segment: nic.segment }
          : {
              kind: 'vif',
              dom0: nic.vifOf,
              ips: nic.ips ?? addresses.map(withoutPrefix).filter((ip) => !ip.includes(':')),
            },
    };
  });
}

/** `192.168.0.1` of `192.168.0.1/24`. */
export function withoutPrefix(address: string): string {
  return address.replace(/\/.*$/, '');
}

function defaultMac(position: number, index: number): string {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `02:00:00:${hex(position >> 8)}:${hex(position & 255)}:${hex(index)}`;
}
