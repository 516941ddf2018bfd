import {
  type ConnectionError,
  createTransport,
  type Endpoint,
  type Observe,
  type RunTransport,
} from '../connection/index.ts';
import { endpointOf, type SshOverrides } from '../engine/endpoint.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { secretsIn } from '../source/secret.ts';
import { askSecret } from './ask-secret.ts';
import { becomeOverridesOf } from './become-overrides.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { askPassphrase } from './passphrase.ts';
import type { SecretsGiven } from './secret-options.ts';
import { secretStore } from './secrets.ts';
import { UsageError } from './usage-error.ts';

const passwordElsewhere =
  'without one, write the password in the inventory as a secret, `ssh: { password: !secret NAME }`, or use keys';

/** What a command that examines connections wants of them. */
export interface Examining {
  readonly observe?: Observe;
  /** Whether what is wrong with the files that say how to connect is told by `connect`, of each host. */
  readonly isPatient?: boolean;
}

/** How a command reaches its hosts. */
export interface Way {
  readonly transport: RunTransport;
  /** @param fleet that it is of; the inventory unless said otherwise */
  readonly endpointOf: (host: Host, fleet?: Inventory) => Endpoint;
  readonly overrides: SshOverrides;
}

/**
 * Prepares connections to these hosts of an inventory: asks for what is to be typed, and fetches the
 * passwords that are secrets. `warn` is told what is known of the user's
 * configuration and not followed. Throws `ConfigError` when the files that say how to connect are
 * wrong: nobody is contacted then.
 */
export async function prepareWay(
  options: ConnectingOptions & SecretsGiven,
  inventory: Inventory,
  hosts: readonly Host[],
  warn: (text: string) => void,
  { observe, isPatient = false }: Examining = {},
): Promise<Way> {
  const transport = createTransport({
    passphrase: askPassphrase,
    ...(options['ssh-config'] === undefined ? {} : { config: options['ssh-config'] }),
    warn,
    ...(observe === undefined ? {} : { observe }),
  });
  const overrides = await overridesOf(options, hosts);
  refuseCrowd(overrides, hosts);
  const toEndpoint = (host: Host, fleet = inventory) => endpointOf(host, fleet, overrides);
  const endpoints = hosts.map((host) => toEndpoint(host));
  await secretStore(options).settle(secretsIn(endpoints));
  const problems = await transport.prepare(endpoints);
  if (!isPatient) refuseMistakes(problems);
  return { transport, endpointOf: toEndpoint, overrides };
}

/** What the command line says of all hosts. */
async function overridesOf(
  options: ConnectingOptions,
  hosts: readonly Host[],
): Promise<SshOverrides> {
  const { transport, 'ask-pass': isAsked } = options;
  if (isAsked && transport !== undefined && transport !== 'ssh2') {
    throw new UsageError(
      `--ask-pass is of no use with --transport ${transport}`,
      'it is xpush that sends the password, by its own SSH; ssh asks agents for keys',
    );
  }
  const isNeeded = isAsked && hosts.some(({ ssh }) => ssh.password === null);
  return {
    ...(isNeeded ? { password: await askSecret('SSH password', passwordElsewhere) } : {}),
    become: await becomeOverridesOf(options, hosts),
    user: options.user,
    identity: options.identity,
    hostKeyChecking: options['host-key-checking'],
    transport: options.transport,
  };
}

/** What is meant for many hosts must not all be done to this one. */
function refuseCrowd({ transport }: SshOverrides, hosts: readonly Host[]): void {
  if (transport !== 'local' || hosts.length < 2) return;
  const message = `--transport local is for one host, and ${hosts.length} are chosen: all of it would be done to this machine`;
  const hint = 'choose it with --limit, or write transport: local in its ssh in the inventory';
  throw new UsageError(message, hint);
}

/** What is wrong with the files that say how to connect is the user's mistake: nobody is contacted. */
function refuseMistakes(problems: readonly ConnectionError[]): void {
  const mistakes = problems.filter(({ reason }) => reason === 'config');
  if (mistakes.length === 0) return;
  throw new ConfigError(
    mistakes.map(({ message, hint }) => ({ position: null, message, hint, excerpt: null })),
  );
}
