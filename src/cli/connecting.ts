import {
  type ConnectionError,
  createTransport,
  type Endpoint,
  type Transport,
} from '../connection/index.ts';
import { endpointOf, type SshOverrides } from '../engine/endpoint.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { ConfigError } from '../source/diagnostic.ts';
import type { ConnectingOptions } from './connecting-options.ts';
import { askPassphrase } from './passphrase.ts';

/** How a command reaches its hosts. */
export interface Way {
  readonly transport: Transport;
  readonly endpointOf: (host: Host) => Endpoint;
}

/**
 * Prepares connections to these hosts of an inventory. `warn` is told what is known of the user's
 * configuration and not followed. Throws `ConfigError` when the files that say how to connect are
 * wrong: nobody is contacted then.
 */
export async function prepareWay(
  options: ConnectingOptions,
  inventory: Inventory,
  hosts: readonly Host[],
  warn: (text: string) => void,
): Promise<Way> {
  const transport = createTransport({
    passphrase: askPassphrase,
    ...(options['ssh-config'] === undefined ? {} : { config: options['ssh-config'] }),
    warn,
  });
  const overrides = overridesOf(options);
  refuseCrowd(overrides, hosts);
  const toEndpoint = (host: Host) => endpointOf(host, inventory, overrides);
  refuseMistakes(await transport.prepare(hosts.map(toEndpoint)));
  return { transport, endpointOf: toEndpoint };
}

/** What the command line says of all hosts. */
export function overridesOf(options: ConnectingOptions): SshOverrides {
  return {
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
  throw new ConfigError([{ position: null, message, hint, excerpt: null }]);
}

/** What is wrong with the files that say how to connect is the user's mistake: nobody is contacted. */
function refuseMistakes(problems: readonly ConnectionError[]): void {
  const mistakes = problems.filter(({ reason }) => reason === 'config');
  if (mistakes.length === 0) return;
  throw new ConfigError(
    mistakes.map(({ message, hint }) => ({ position: null, message, hint, excerpt: null })),
  );
}
