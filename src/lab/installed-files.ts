import type { DomU } from '../inventory/model.ts';

/** A guest's configuration file of the days when xend knew the script of every vif. */
export function installedConfig({ name, vifs }: DomU): string {
  const entries = vifs.map(({ mac, ips }) => `'mac=${mac}, ip=${ips[0]}'`);
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

/** /etc/network/interfaces of a guest: its installer knew of one interface. */
export function installedInterfaces({ vifs }: DomU, gateway: string | undefined): string {
  const [vif] = vifs;
  const lines =
    vif === undefined
      ? []
      : [
          '',
          `auto ${vif.iface}`,
          `iface ${vif.iface} inet static`,
          `\taddress ${vif.ipv4?.ips[0]}/${vif.ipv4?.prefix}`,
          ...(gateway === undefined ? [] : [`\tgateway ${gateway}`]),
        ];
  return `${['auto lo', 'iface lo inet loopback', ...lines].join('\n')}\n`;
}
