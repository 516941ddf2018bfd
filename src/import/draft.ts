/** An inventory in the making: what was seen, before it is known to load. */
export interface Draft {
  readonly networks: readonly DraftNetwork[];
  readonly dom0s: readonly DraftDom0[];
  readonly domUs: readonly DraftDomU[];
  /** What is about none of them. */
  readonly remarks: readonly string[];
}

export interface DraftNetwork {
  readonly name: string;
  readonly subnet: string;
  readonly gateway: string | null;
  readonly remarks: readonly string[];
}

export interface DraftDom0 {
  readonly name: string;
  /** null: its name. */
  readonly address: string | null;
  readonly uplink: string;
  /** `4.17.5`; null when unknown. */
  readonly version: string | null;
  readonly toolstack: 'xl' | 'xm' | null;
  readonly firewall: DraftFirewall;
  readonly remarks: readonly string[];
}

/** null: as it is where the inventory does not say. */
export interface DraftFirewall {
  readonly policy: 'drop' | null;
  readonly admin: readonly string[] | null;
  readonly log: string | null;
  readonly antispoof: boolean;
  readonly rules: readonly DraftAllow[];
}

/** What there is to say of a firewall that was not read. */
export const noFirewall: DraftFirewall = {
  policy: null,
  admin: null,
  log: null,
  antispoof: false,
  rules: [],
};

export interface DraftDomU {
  readonly name: string;
  readonly dom0: string;
  /** null: that of its first vif, or its name. */
  readonly address: string | null;
  readonly isBehindDom0: boolean;
  /** null: where it usually is. */
  readonly config: string | null;
  /** null: its list can't be described, and is to be left alone. */
  readonly vifs: readonly DraftVif[] | null;
  /** null: not filtered, or not understood. */
  readonly allow: readonly DraftAllow[] | null;
  readonly names: 'iftab' | 'udev' | 'link' | 'none' | null;
  readonly networkConfig: 'ifupdown' | 'networkd' | 'netplan' | null;
  readonly remarks: readonly string[];
}

export interface DraftVif {
  /** null: by its place. */
  readonly iface: string | null;
  readonly mac: string | null;
  readonly ips: readonly string[];
  readonly table: { readonly id: number; readonly name: string | null } | null;
  /** null: vif-route. */
  readonly script: string | null;
  readonly bridge: string | null;
  readonly vifname: string | null;
  readonly gatewaydev: string | null;
  readonly rate: string | null;
  readonly model: string | null;
}

export interface DraftAllow {
  readonly proto: 'tcp' | 'udp' | 'icmp';
  /** As `80` or `1024-65535`; empty: any. */
  readonly ports: readonly string[];
  readonly from: readonly string[];
  readonly fromPorts: readonly string[];
  readonly direction: 'in' | 'out';
  readonly to: readonly string[];
  readonly comment: string | null;
}
