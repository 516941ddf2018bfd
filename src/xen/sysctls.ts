import type { Dom0, DomU } from '../inventory/model.ts';

/** A kernel parameter by its sysctl(8) name. */
export interface KernelParameter {
  readonly name: string;
  readonly value: string;
}

/** Where procps and systemd read it at boot. */
export const sysctlFilePath = '/etc/sysctl.d/60-xpush.conf';

/**
 * What a dom0 needs to route for its guests: forwarding, and ARP answers on the side of the networks
 * (the uplink, or the `gatewaydev` of a vif). `vif-route` sets up the vifs' own side; nothing of it
 * is needed where all vifs are bridged. A dot in an interface's name is written `/` (sysctl(8)).
 */
export function kernelParameters(dom0: Dom0, guests: readonly DomU[]): readonly KernelParameter[] {
  const routed = guests
    .flatMap((guest) => guest.vifs)
    .filter((vif) => vif.script.split('/').at(-1) === 'vif-route');
  const uplinks = new Set(routed.map((vif) => vif.gatewaydev ?? dom0.uplink));
  return routed.length === 0
    ? []
    : [
        { name: 'net.ipv4.ip_forward', value: '1' },
        ...[...uplinks].map((uplink) => ({
          name: `net.ipv4.conf.${uplink.replaceAll('.', '/')}.proxy_arp`,
          value: '1',
        })),
      ];
}

/** The file that sets the parameters at boot. */
export function sysctlFile(parameters: readonly KernelParameter[]): string {
  return [
    '# Written by xpush. Changes here are overwritten.',
    ...parameters.map(({ name, value }) => `${name} = ${value}`),
    '',
  ].join('\n');
}
