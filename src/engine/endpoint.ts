import type { Become, Endpoint, HiddenText, TransportName } from '../connection/transport.ts';
import type { Host, Inventory, SshSettings } from '../inventory/model.ts';

/** What the command line says of all hosts; it goes before the inventory. */
export interface SshOverrides {
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
  /** Of hosts that have none of their own, jump hosts of the inventory too, unless OpenSSH logs in. */
  readonly password?: HiddenText | undefined;
  readonly hostKeyChecking?: 'strict' | 'accept-new' | undefined;
  readonly become?: BecomeOverrides | undefined;
  /** Not for hosts that are this machine. */
  readonly transport?: TransportName | undefined;
}

/** What the command line says of whom programs run as. */
export interface BecomeOverrides {
  /** On hosts of which the inventory does not say it, too. */
  readonly everywhere: boolean;
  readonly method?: Become['method'] | undefined;
  readonly user?: string | undefined;
  /** Of hosts that have none of their own. */
  readonly password?: HiddenText | undefined;
}

/**
 * Where and as whom to connect to a host of the inventory, with the jump hosts on the way: a host
 * of the inventory by its own settings, anything else by the user's OpenSSH config. What nobody says
 * is left out, so that the OpenSSH config speaks.
 */
export function endpointOf(host: Host, inventory: Inventory, overrides: SshOverrides): Endpoint {
  const { ssh } = host;
  const user = overrides.user ?? ssh.user;
  const identity = overrides.identity ?? ssh.identity;
  const transport = transportOf(host, overrides);
  const jump = transport === 'local' ? null : jumpsTo(host, inventory, overrides);
  // One program goes all of the way.
  const isOpenssh = [{ transport }, ...(jump ?? [])].some((each) => each.transport === 'openssh');
  if (isOpenssh && overrides.transport !== 'openssh') {
    return endpointOf(host, inventory, { ...overrides, transport: 'openssh' });
  }
  return {
    name: host.name,
    address: host.address,
    ...(transport === null ? {} : { transport }),
    ...(ssh.port === null ? {} : { port: ssh.port }),
    ...(user === null ? {} : { user }),
    ...(identity === null ? {} : { identity }),
    ...passwordOf(host, transport, overrides),
    ...(jump === null ? {} : { jump }),
    ...(ssh.hostKey === null ? {} : { hostKey: ssh.hostKey }),
    ...(ssh.knownHosts === null ? {} : { knownHosts: ssh.knownHosts }),
    ...becomeOf(host, overrides),
    ...handshakeSettings(ssh, overrides),
    legacyAlgorithms: ssh.legacyAlgorithms,
  };
}

/** A host that is this machine is so whatever the command line says of the others. */
function transportOf({ ssh }: Host, overrides: SshOverrides): TransportName | null {
  return ssh.transport === 'local' ? 'local' : (overrides.transport ?? ssh.transport);
}

/** One that is typed for all goes where no other is known. */
function passwordOf(
  { ssh }: Host,
  transport: TransportName | null,
  overrides: SshOverrides,
): Pick<Endpoint, 'password'> {
  const isBuiltIn = transport === null || transport === 'ssh2';
  const password = ssh.password ?? (isBuiltIn ? overrides.password : null) ?? null;
  return password === null ? {} : { password };
}

/** The inventory's password is for what the inventory says: another account has another. */
function becomeOf({ become: own }: Host, { become: all }: SshOverrides): Pick<Endpoint, 'become'> {
  if (own === null && all?.everywhere !== true) return {};
  const method = all?.method ?? own?.method ?? 'sudo';
  const user = all?.user ?? own?.user ?? 'root';
  const isSame = method === own?.method && (method === 'sudo' || user === own.user);
  const password = (isSame ? own.password : null) ?? all?.password ?? null;
  return { become: { method, user, ...(password === null ? {} : { password }) } };
}

/** What a jump host outside the inventory shares with the host behind it. */
function handshakeSettings(
  ssh: SshSettings,
  overrides: SshOverrides,
): Pick<Endpoint, 'hostKeyChecking' | 'connectTimeoutMs'> {
  const hostKeyChecking = overrides.hostKeyChecking ?? ssh.hostKeyChecking;
  const seconds = ssh.connectTimeoutSeconds;
  return {
    ...(hostKeyChecking === null ? {} : { hostKeyChecking }),
    ...(seconds === null ? {} : { connectTimeoutMs: seconds * 1000 }),
  };
}

/** First hop first, null when nobody says; the inventory was checked for loops. */
function jumpsTo(
  host: Host,
  inventory: Inventory,
  overrides: SshOverrides,
): readonly Endpoint[] | null {
  const { jump } = host.ssh;
  if (jump === null) return null;
  const name = jump === 'dom0' && host.kind === 'domU' ? host.dom0 : jump;
  const known = inventory.hosts.get(name);
  if (known === undefined) {
    return [{ name, address: name, ...handshakeSettings(host.ssh, overrides) }];
  }
  const { jump: before = [], become: _, ...hop } = endpointOf(known, inventory, overrides);
  // From here on is where this machine is.
  if (hop.transport === 'local') return [];
  return [...before, hop];
}
