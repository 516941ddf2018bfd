import {
  type ConnectionError,
  createSsh2Transport,
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
  const transport = createSsh2Transport({
    passphrase: askPassphrase,
    ...(options['ssh-config'] === undefined ? {} : { config: options['ssh-config'] }),
    warn,
  });
  const overrides = overridesOf(options);
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
  };
}

/** What is wrong with the files that say how to connect is the user's mistake: nobody is contacted. */
function refuseMistakes(problems: readonly ConnectionError[]): void {
  const mistakes = problems.filter(({ reason }) => reason === 'config');
  if (mistakes.length === 0) return;
  throw new ConfigError(
    mistakes.map(({ message, hint }) => ({ position: null, message, hint, excerpt: null })),
  );
}
