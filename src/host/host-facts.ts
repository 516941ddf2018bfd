/** What runs there. Strings are the host's words: escape before showing. */
export interface SystemFacts {
  readonly hostname: string;
  /** `ID` and `VERSION_ID` of os-release(5), or from older files (`/etc/debian_version`); null when unknown. */
  readonly distribution: string | null;
  readonly version: string | null;
  readonly kernel: string;
  readonly architecture: string;
  readonly init: 'systemd' | 'openrc' | 'upstart' | 'sysvinit' | 'busybox' | 'unknown';
  /** Version of systemd, or of udev where that came alone; null without. */
  readonly systemd: number | null;
  readonly udev: number | null;
  /** null: no `ip` at all. */
  readonly iproute2: {
    /** `6.1.0`, or `ss060323` for old ones; null for busybox. */
    readonly version: string | null;
    readonly isBusybox: boolean;
    readonly hasJson: boolean;
  } | null;
}

export type NetworkManager = 'ifupdown' | 'networkd' | 'netplan' | 'NetworkManager';

/** What configures the interfaces. */
export interface NetworkFacts {
  /** The one in charge: netplan before what it drives; what runs before what is only installed. */
  readonly manager: NetworkManager | null;
  readonly present: readonly NetworkManager[];
  readonly hasIfrename: boolean;
}

export type FirewallBackend = 'iptables-nft' | 'iptables-legacy' | 'nftables';

export interface BackendFacts {
  readonly isInstalled: boolean;
  /** Of both families and all tables. iptables-nft's are not nftables'. */
  readonly rules: number;
  /**
   * Of these, the ones that a forwarded packet meets first: of chains that filter what is forwarded,
   * without those that they jump to; a policy that drops counts as one.
   */
  readonly forwarding: number;
}

/** What filters, and how it lasts. */
export interface FirewallFacts {
  readonly backends: Readonly<Record<FirewallBackend, BackendFacts>>;
  /** What `iptables` is. */
  readonly iptables: 'iptables-nft' | 'iptables-legacy' | null;
  /**
   * What can load rules at boot: netfilter-persistent is installed, nftables.service is enabled,
   * ifupdown runs hooks (if it is in charge: `NetworkFacts`), systemd is the init.
   */
  readonly persistence: readonly (
    | 'netfilter-persistent'
    | 'nftables.service'
    | 'ifupdown'
    | 'systemd'
  )[];
}

/** What runs on a dom0. */
export interface DomainFacts {
  /** The one that answers, else the one that is installed. */
  readonly toolstack: 'xl' | 'xm' | null;
  /** Without dom0 itself; null: no toolstack answers. */
  readonly domains: readonly RunningDomain[] | null;
}

/** The hypervisor as its dom0 sees it. */
export interface XenFacts extends DomainFacts {
  readonly version: string | null;
  /** Whether this is the control domain. */
  readonly isDom0: boolean;
}

export interface RunningDomain {
  readonly id: number;
  readonly name: string;
  readonly vifs: readonly RunningVif[];
}

/** A vif of a running domain, from its back end's nodes in xenstore. */
export interface RunningVif {
  /** `0` of vif1.0. */
  readonly handle: number;
  /** Its interface on dom0, `vif1.0` or its vifname. */
  readonly device: string;
  /** Lower case; empty when the toolstack does not tell. */
  readonly mac: string;
  /** As the toolstack was told, unchecked. */
  readonly ips: readonly string[];
  readonly script: string | null;
  readonly bridge: string | null;
}
