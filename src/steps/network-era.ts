import { type FileState, type NetworkFacts, query, type SystemFacts } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { type Refusal, refuse } from './step.ts';

/** What reads the network files of a guest at boot. */
export type NetworkConfig = NonNullable<DomU['networkConfig']>;

/** What gives its interfaces their names; `netplan`: `set-name`, in the network file itself. */
export type Names = NonNullable<DomU['names']> | 'netplan';

/** The inventory's word, else what is in charge there; null for what we have no files for. */
export function networkConfigOf(host: DomU, network: NetworkFacts): NetworkConfig | null {
  if (host.networkConfig !== null) return host.networkConfig;
  const { manager } = network;
  return manager === 'NetworkManager' ? null : manager;
}

/**
 * Whether the next boot reads these files. systemd brings networkd to hosts that do not run it: there
 * that is known only once it is in charge, by itself or for netplan.
 */
export function isReadAtBoot(
  config: NetworkConfig,
  { manager, present }: Pick<NetworkFacts, 'manager' | 'present'>,
): boolean {
  return config === 'networkd'
    ? manager === 'networkd' || manager === 'netplan'
    : present.includes(config);
}

/** Why there are no files to write, and what to do about it. */
export function refuseEra({ manager }: NetworkFacts): Refusal {
  return manager === null
    ? refuse(
        'nothing that xpush knows configures the network there',
        'install ifupdown, systemd-networkd or netplan, or say "network_config: ifupdown" to write its file all the same',
      )
    : refuse(
        `${manager} configures the network there, and xpush writes no files for it`,
        'say "network_config: networkd" (or ifupdown, netplan) once that is in charge of these interfaces',
      );
}

/** Asks for versions, three programs on the host, only where what the inventory leaves open needs them. */
export function systemQueries(isNeeded: boolean) {
  return isNeeded ? [query.system()] : [];
}

/** Versions that were asked for, and that the host told; null for all others. */
export function versionsOf({ system: [system] }: Pick<EraFacts, 'system'>) {
  return { systemd: system?.systemd ?? null, udev: system?.udev ?? system?.systemd ?? null };
}

/** What tells which names' era a guest is of. */
export interface EraFacts {
  /** None where nobody asked. */
  readonly system: readonly SystemFacts[];
  readonly network: NetworkFacts;
  readonly iftab: FileState;
  /** The files in which udev keeps names, the first that is there first. */
  readonly udevNames: readonly FileState[];
}

/**
 * The inventory's word; else iftab where something reads it or once did; netplan where that is in
 * charge; the rules that udev keeps, where it keeps some or is as old as they are; `.link` files.
 * Debian 9 and Ubuntu 15.10, with 220 and later, are the first without a generator of such rules.
 */
export function namesOf(host: DomU, seen: EraFacts): Names {
  const { network, iftab, udevNames } = seen;
  if (host.names !== null) return host.names;
  if (network.hasIfrename || iftab.type === 'file') return 'iftab';
  if (networkConfigOf(host, network) === 'netplan') return 'netplan';
  const { udev } = versionsOf(seen);
  if (udev === null) return 'none';
  return udev < 220 || udevNames.some(hasRule) ? 'udev' : 'link';
}

const hasRule = (file: FileState): boolean =>
  file.type === 'file' && /^[ \t]*[A-Z]/m.test(file.content ?? '');

/** What to know where not only the chosen one configures the network. */
export function eraRemarks(
  config: NetworkConfig,
  seen: Pick<EraFacts, 'system' | 'network'>,
): readonly string[] {
  const { manager, present } = seen.network;
  const { systemd } = versionsOf(seen);
  const isDrivenByNetworkd = manager === 'networkd' || manager === 'netplan';
  return [
    ...(manager !== null && manager !== config
      ? [`${manager} configures the network there too`]
      : []),
    ...(!present.includes(config) ? [`${config} is not installed there`] : []),
    ...(config === 'ifupdown' && isDrivenByNetworkd && (systemd ?? 248) >= 248
      ? [
          'since 248 systemd-networkd removes the rules of others when it starts: say ManageForeignRoutingPolicyRules=no in networkd.conf, or "network_config: networkd"',
        ]
      : []),
  ];
}
