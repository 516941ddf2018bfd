import { setMaxListeners } from 'node:events';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { abortedError, orAborted } from './abort.ts';
import { Agent } from './agent.ts';
import { Login } from './authentication.ts';
import type { Observe } from './contact.ts';
import { ContactTelling } from './contact-telling.ts';
import { EarlyCloseRetries } from './early-close.ts';
import { FailedLogins } from './failed-logins.ts';
import { type FlightLevel, type FlightPlan, FlightRefusedError } from './first-flight.ts';
import { FlightMemory } from './flight-memory.ts';
import { HostKeyCheck } from './host-key.ts';
import { type HostKeyScan, scanHostKeys } from './host-key-scan.ts';
import { type AskPassphrase, IdentityFiles } from './identity.ts';
import { chooseKeys, type Offers } from './key-offers.ts';
import { KnownHosts } from './known-hosts.ts';
import { KnownHostsFiles } from './known-hosts-files.ts';
import { Lines, labelOf } from './lines.ts';
import { type LocalUser, localUser } from './local-user.ts';
import { OpensshConfig } from './openssh-config.ts';
import { PasswordTurns } from './password.ts';
import { resolveTarget } from './resolve.ts';
import { RevokedKeyFiles } from './revoked-keys.ts';
import { openClient } from './ssh2-client.ts';
import { Ssh2Connection } from './ssh2-connection.ts';
import type { Target } from './target.ts';
import {
  type Connection,
  ConnectionError,
  type Endpoint,
  type FirstExec,
  type Transport,
} from './transport.ts';

/** What a run has that its hosts share. */
export interface Ssh2TransportOptions {
  /** As `ssh -F`: an OpenSSH client configuration, or `none`; default is the user's and the system's. */
  readonly config?: string;
  /** Asks for the passphrase of a key file, once a file; without it encrypted keys need an agent. */
  readonly passphrase?: AskPassphrase;
  /** Things that are worth a line but stop nothing; each is said once. */
  readonly warn?: (message: string) => void;
  /** The agent's socket; default is SSH_AUTH_SOCK, null is none. */
  readonly agentSocket?: string | null;
  /** How much is sent ahead to a host that has not refused it; default `whole`. */
  readonly flight?: FlightLevel;
  /** Whose keys, configuration and known_hosts; default is the user who runs this. */
  readonly user?: LocalUser;
  /** Is told what becomes known while connections are made. */
  readonly observe?: Observe;
}

/** The default transport: ssh2, with OpenSSH's habits. */
export interface Ssh2Transport extends Transport {
  /**
   * Reads the configuration and the keys of these endpoints and asks for passphrases, so that no
   * question comes while hosts are being worked on. Returns what is wrong, each problem once;
   * `connect` will say it again.
   */
  prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]>;
  /** The host keys that a host shows, without logging in to it. Rejects with `ConnectionError`. */
  scanHostKeys(endpoint: Endpoint, signal: AbortSignal): Promise<HostKeyScan>;
}

/** Of one connection that is to be opened. */
interface OpenOptions {
  readonly signal: AbortSignal;
  readonly receiveLimit: number;
  readonly first: FirstExec | null;
  readonly isHop: boolean;
}

interface HandshakeMeans {
  readonly hostKey: HostKeyCheck;
  readonly offers: Offers;
  /** null: nobody wants to know. */
  readonly telling: ContactTelling | null;
}

/** Of what one host sends in a run; programs and their answers are a small part of it. */
const hostReceiveLimit = 256 * 1024 * 1024;

/** Makes the transport of one run; what it reads (configuration, keys, known_hosts) it reads once. */
export function createSsh2Transport(options: Ssh2TransportOptions = {}): Ssh2Transport {
  return new Run(options);
}

class Run implements Ssh2Transport {
  readonly #options: Ssh2TransportOptions;
  readonly #user: LocalUser;
  readonly #identities: IdentityFiles;
  readonly #knownHosts: KnownHostsFiles;
  readonly #revokedKeys = new RevokedKeyFiles();
  readonly #failedLogins = new FailedLogins();
  readonly #passwordTurns = new PasswordTurns();
  readonly #flights: FlightMemory;
  readonly #agents = new Map<string, Agent>();
  readonly #lines = new Lines((hop, signal) =>
    this.#open(hop, { signal, receiveLimit: Infinity, first: null, isHop: true }),
  );
  readonly #warned = new Set<string>();
  #config: Promise<OpensshConfig> | null = null;

  constructor(options: Ssh2TransportOptions) {
    this.#options = options;
    this.#user = options.user ?? localUser();
    this.#flights = new FlightMemory(options.flight ?? 'whole');
    this.#identities = new IdentityFiles(options.passphrase ?? null);
    this.#knownHosts = new KnownHostsFiles(this.#warn);
  }

  async connect(
    endpoint: Endpoint,
    signal: AbortSignal,
    first: FirstExec | null = null,
  ): Promise<Connection> {
    // One signal stops a whole fleet, so many listeners on it are no leak.
    setMaxListeners(0, signal);
    const target = await this.#resolve(endpoint);
    return this.#open(target, { signal, receiveLimit: hostReceiveLimit, first, isHop: false });
  }

  async prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]> {
    const problems = new Map<string, ConnectionError>();
    const targets = endpoints.map((endpoint) => this.#resolve(endpoint));
    for (const resolved of targets) resolved.catch(() => {});
    for (const resolved of targets) {
      try {
        let target: Target | null = await resolved;
        for (; target !== null; target = target.via) await this.#keysFor(target);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        problems.set(error.message, error);
      }
    }
    return [...problems.values()];
  }

  async scanHostKeys(endpoint: Endpoint, signal: AbortSignal): Promise<HostKeyScan> {
    setMaxListeners(0, signal);
    const target = await this.#resolve(endpoint);
    const { files, revokedFiles } = target.hostKey;
    const [known, revoked] = await Promise.all([
      this.#knownHosts.load(files),
      this.#revokedKeys.load(revokedFiles),
    ]);
    return await scanHostKeys(target, {
      ...{ label: labelOf(target), known, revoked, signal },
      onLine: (work) => this.#lines.on(target, signal, work),
    });
  }

  async close(): Promise<void> {
    await this.#lines.close();
  }

  async #resolve(endpoint: Endpoint): Promise<Target> {
    const { config = null, agentSocket } = this.#options;
    const { SSH_AUTH_SOCK: userSocket = null } = process.env;
    this.#config ??= OpensshConfig.read(config, this.#user.home);
    return resolveTarget(endpoint, {
      user: this.#user,
      agentSocket: agentSocket === undefined ? userSocket : agentSocket,
      config: await this.#config,
      warn: this.#warn,
    });
  }

  #keysFor(target: Target): Promise<Offers> {
    const socket = target.agentSocket;
    if (socket === null || socket === '') return chooseKeys(target, this.#identities, null);
    const agent = this.#agents.get(socket) ?? new Agent(socket);
    this.#agents.set(socket, agent);
    return chooseKeys(target, this.#identities, agent);
  }

  async #open(target: Target, options: OpenOptions): Promise<Ssh2Connection> {
    const { signal } = options;
    const refusal = this.#failedLogins.refusal(target);
    if (refusal !== null) throw refusal;
    const label = labelOf(target);
    const offers = await orAborted(this.#keysFor(target), signal, label);
    const retries = new EarlyCloseRetries({ label, signal, patienceMs: target.connectTimeoutMs });
    for (;;) {
      try {
        return await this.#attempt(target, offers, options);
      } catch (error) {
        if (signal.aborted) throw abortedError(label);
        if (error instanceof FlightRefusedError) {
          this.#flights.refused(target, firstKeyOf(offers), error);
        } else {
          await retries.next(error);
        }
      }
    }
  }

  async #attempt(target: Target, offers: Offers, options: OpenOptions): Promise<Ssh2Connection> {
    const { hostKey: policy } = target;
    const known =
      policy.pin === null ? await this.#knownHosts.load(policy.files) : new KnownHosts();
    const revoked = await this.#revokedKeys.load(policy.revokedFiles);
    const hostKey = new HostKeyCheck(policy, known, revoked);
    const { observe } = this.#options;
    const telling = observe === undefined ? null : new ContactTelling(observe, target, known);
    telling?.route();
    return await this.#lines.on(target, options.signal, (socket) => {
      if (socket instanceof Socket) {
        hostKey.cameFrom(socket.remoteAddress ?? '');
        telling?.dialled(socket);
      }
      return this.#handshake(socket, target, { hostKey, offers, telling }, options);
    });
  }

  async #handshake(
    socket: Duplex,
    target: Target,
    { hostKey, offers, telling }: HandshakeMeans,
    { signal, receiveLimit, first, isHop }: OpenOptions,
  ): Promise<Ssh2Connection> {
    const { hostKey: policy, connectTimeoutMs, keepaliveMs, keepaliveCount } = target;
    const label = labelOf(target);
    const flight: FlightPlan | null =
      first === null && !isHop
        ? null
        : { level: this.#flights.levelFor(target, firstKeyOf(offers)), first };
    const login = new Login(target, offers, this.#passwordTurns);
    const opened = openClient(
      {
        socket,
        label,
        user: target.user,
        hostKey: telling?.watch(hostKey) ?? hostKey,
        authentication: login,
        legacyAlgorithms: target.legacyAlgorithms,
        algorithms: target.algorithms,
        phaseTimeoutMs: connectTimeoutMs,
        keepaliveMs,
        signal,
        flight,
        ...(telling === null ? {} : { onAgreed: telling.agreed }),
      },
      (client, begun) =>
        new Ssh2Connection(client, {
          socket,
          label,
          answerTimeoutMs: connectTimeoutMs,
          keepaliveMs,
          keepaliveCount,
          receiveLimit,
          begun,
        }),
    );
    const connection = await opened.catch((error) => {
      telling?.tried(login.tried);
      const isRefusal = error instanceof ConnectionError && error.reason === 'authentication';
      if (isRefusal) this.#failedLogins.failed(target, error, login.isPasswordRefused);
      throw error;
    });
    this.#failedLogins.succeeded(target);
    if (flight !== null && flight.level !== 'stock') this.#flights.landed(firstKeyOf(offers));
    telling?.tried(login.tried, flight?.level);
    const newKey = hostKey.newKey();
    if (newKey !== null) await closeOnError(connection, this.#knownHosts.record(policy, newKey));
    return connection;
  }

  readonly #warn = (message: string): void => {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn?.(message);
  };
}

function firstKeyOf({ offers }: Offers): Buffer | null {
  return offers[0]?.key.publicKey.blob ?? null;
}

async function closeOnError(connection: Connection, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
