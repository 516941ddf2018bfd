import type { DomU, VifAddresses } from '../inventory/model.ts';

/** A guest's configuration file of the days when xend knew the script of every vif, and IPv4 only. */
export function installedConfig({ name, vifs }: DomU): string {
  const entries = vifs.map(({ mac, ipv4 }) =>
    ipv4 === null ? `'mac=${mac}'` : `'mac=${mac}, ip=${ipv4.ips[0]}'`,
  );
  return `# Configuration of ${name}, as its installer wrote it.
kernel  = '/boot/vmlinuz-2.6.18-4-xen-686'
ramdisk = '/boot/initrd.img-2.6.18-4-xen-686'
name    = '${name}'
memory  = 256   # MiB
disk    = [ 'phy:vg0/${name}-disk,sda1,w', 'phy:vg0/${name}-swap,sda2,w' ]
root    = '/dev/sda1 ro'
vif     = [ ${entries.join(`,\n${' '.repeat(12)}`)} ]

on_poweroff = 'destroy'
on_reboot   = 'restart'
on_crash    = 'restart'
`;
}

/** What an installer was told of a guest's first interface: its gateways. */
export interface InstalledGateways {
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  /** Whether the interface has the subnet of its IPv6 address on its link. */
  readonly isOnLink: boolean;
}

/** /etc/network/interfaces of a guest: its installer knew of one interface. */
export function installedInterfaces({ vifs }: DomU, gateways: InstalledGateways): string {
  const [vif] = vifs;
  const stanzas =
    vif === undefined
      ? []
      : [
          ...stanza(vif.iface, 'inet', vif.ipv4, vif.ipv4?.prefix ?? 32, gateways.ipv4),
          ...stanza(
            vif.iface,
            'inet6',
            vif.ipv6,
            gateways.isOnLink ? (vif.ipv6?.prefix ?? 128) : 128,
            gateways.ipv6,
          ),
        ];
  const auto = vif === undefined ? [] : ['', `auto ${vif.iface}`];
  return `${['auto lo', 'iface lo inet loopback', ...auto, ...stanzas].join('\n')}\n`;
}

function stanza(
  iface: string,
  family: 'inet' | 'inet6',
  addresses: VifAddresses | null,
  prefix: number,
  gateway: string | null,
): readonly string[] {
  if (addresses === null) return [];
  return [
    `iface ${iface} ${family} static`,
    `\taddress ${addresses.ips[0]}/${prefix}`,
    ...(gateway === null ? [] : [`\tgateway ${gateway}`]),
  ];
}
