import type { Endpoint } from '../connection/transport.ts';
import type { Host, Inventory } from '../inventory/model.ts';

/** What the command line says of all hosts; it goes before the inventory. */
export interface SshOverrides {
  readonly user?: string;
  readonly identity?: string;
  readonly hostKeyChecking?: 'strict' | 'accept-new';
}

/**
 * Where and as whom to connect to a host of the inventory, with the jump hosts on the way: a host
 * of the inventory by its own settings, anything else by the user's OpenSSH config.
 */
export function endpointOf(host: Host, inventory: Inventory, overrides: SshOverrides): Endpoint {
  const { ssh } = host;
  const user = overrides.user ?? ssh.user;
  const identity = overrides.identity ?? ssh.identity;
  const jump = jumpsTo(host, inventory, overrides);
  return {
    name: host.name,
    address: host.address,
    ...(ssh.port === null ? {} : { port: ssh.port }),
    ...(user === null ? {} : { user }),
    ...(identity === null ? {} : { identity }),
    ...(jump.length === 0 ? {} : { jump }),
    ...(ssh.hostKey === null ? {} : { hostKey: ssh.hostKey }),
    ...(ssh.knownHosts === null ? {} : { knownHosts: ssh.knownHosts }),
    hostKeyChecking: overrides.hostKeyChecking ?? ssh.hostKeyChecking,
    connectTimeoutMs: ssh.connectTimeoutSeconds * 1000,
    legacyAlgorithms: ssh.legacyAlgorithms,
  };
}

/** First hop first; the inventory was checked for loops. */
function jumpsTo(host: Host, inventory: Inventory, overrides: SshOverrides): readonly Endpoint[] {
  const { jump } = host.ssh;
  if (jump === null) return [];
  const name = jump === 'dom0' && host.kind === 'domU' ? host.dom0 : jump;
  const known = inventory.hosts.get(name);
  if (known === undefined) {
    const { hostKeyChecking, connectTimeoutSeconds } = host.ssh;
    return [
      {
        name,
        address: name,
        hostKeyChecking,
        connectTimeoutMs: connectTimeoutSeconds * 1000,
        legacyAlgorithms: false,
      },
    ];
  }
  const { jump: before = [], ...hop } = endpointOf(known, inventory, overrides);
  return [...before, hop];
}
