import { Becoming } from './become-connection.ts';
import type { HostKeyScan } from './host-key-scan.ts';
import type { LocalTransport } from './local-transport.ts';
import type { OpensshTransport } from './openssh-transport.ts';
import {
  createSsh2Transport,
  type Ssh2Transport,
  type Ssh2TransportOptions,
} from './ssh2-transport.ts';
import {
  type Connection,
  ConnectionError,
  type Endpoint,
  type FirstExec,
  type Transport,
} from './transport.ts';

/** What a run has that its hosts share. */
export type TransportOptions = Ssh2TransportOptions;

/** Every way to reach hosts; each host has its own. */
export interface RunTransport extends Transport {
  /**
   * Reads the configuration and the keys of these endpoints and asks for passphrases, so that no
   * question comes while hosts are being worked on. Returns what is wrong, each problem once;
   * `connect` will say it again.
   */
  prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]>;
  /**
   * The host keys that a host shows, without logging in to it. Rejects with `ConnectionError` when it
   * shows none, or the way to it is not open.
   */
  scanHostKeys(endpoint: Endpoint, signal: AbortSignal): Promise<HostKeyScan>;
}

/** Makes the transport of one run: for each host the one that its endpoint names. */
export function createTransport(options: TransportOptions = {}): RunTransport {
  return new Dispatcher(options);
}

class Dispatcher implements RunTransport {
  readonly #options: TransportOptions;
  readonly #becoming = new Becoming();
  #ssh2: Ssh2Transport | null = null;
  // what few hosts go by is loaded for them only
  #openssh: Promise<OpensshTransport> | null = null;
  #local: Promise<LocalTransport> | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async connect(endpoint: Endpoint, signal: AbortSignal, first?: FirstExec): Promise<Connection> {
    const { observe } = this.#options;
    observe?.(endpoint.name, { transport: endpoint.transport ?? 'ssh2' });
    try {
      return await this.#connect(endpoint, signal, first);
    } catch (error) {
      if (error instanceof ConnectionError) observe?.(endpoint.name, { failure: error.reason });
      throw error;
    }
  }

  async #connect(endpoint: Endpoint, signal: AbortSignal, first?: FirstExec): Promise<Connection> {
    const transport = await this.#transportOf(endpoint);
    const { become } = endpoint;
    return become === undefined
      ? await transport.connect(endpoint, signal, first)
      : await this.#becoming.connect(transport, { ...endpoint, become }, signal, first);
  }

  async prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]> {
    const by = (name: Endpoint['transport']) =>
      endpoints.filter(({ transport = 'ssh2' }) => transport === name);
    const [ssh2, openssh, local] = [by('ssh2'), by('openssh'), by('local')];
    const problems = [
      ...(ssh2.length === 0 ? [] : await this.#ssh2Transport().prepare(ssh2)),
      ...(openssh.length === 0 ? [] : await (await this.#opensshTransport()).prepare(openssh)),
    ];
    for (const endpoint of local) {
      const refusal = (await this.#localTransport()).refusal(endpoint);
      if (refusal !== null) problems.push(refusal);
    }
    return problems;
  }

  async scanHostKeys(endpoint: Endpoint, signal: AbortSignal): Promise<HostKeyScan> {
    if (endpoint.transport === 'local') {
      throw new ConnectionError(
        'config',
        `${endpoint.name} is this machine itself: no key is asked`,
      );
    }
    // ssh tells of one key a connection, so ssh2 asks where it connects, too
    return await this.#ssh2Transport().scanHostKeys(endpoint, signal);
  }

  async close(): Promise<void> {
    const opened = await Promise.all([this.#ssh2, this.#openssh, this.#local]);
    await Promise.all(opened.map((transport) => transport?.close()));
  }

  #transportOf({ transport = 'ssh2' }: Endpoint): Transport | Promise<Transport> {
    switch (transport) {
      case 'ssh2':
        return this.#ssh2Transport();
      case 'openssh':
        return this.#opensshTransport();
      case 'local':
        return this.#localTransport();
    }
  }

  #ssh2Transport(): Ssh2Transport {
    this.#ssh2 ??= createSsh2Transport(this.#options);
    return this.#ssh2;
  }

  #opensshTransport(): Promise<OpensshTransport> {
    this.#openssh ??= import('./openssh-transport.ts').then(({ createOpensshTransport }) =>
      createOpensshTransport(this.#options),
    );
    return this.#openssh;
  }

  #localTransport(): Promise<LocalTransport> {
    this.#local ??= import('./local-transport.ts').then(
      ({ LocalTransport }) => new LocalTransport(this.#options.user),
    );
    return this.#local;
  }
}
