import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError, orAborted } from './abort.ts';
import { Agent } from './agent.ts';
import { chooseKeys, KeyAuthenticator, type Offers } from './authentication.ts';
import { HostKeyCheck } from './host-key.ts';
import { type AskPassphrase, IdentityFiles } from './identity.ts';
import { KnownHosts } from './known-hosts.ts';
import { KnownHostsFiles } from './known-hosts-files.ts';
import { type LocalUser, localUser, resolveTarget } from './resolve.ts';
import { ClosedBeforeBannerError, openClient } from './ssh2-client.ts';
import { Ssh2Connection } from './ssh2-connection.ts';
import type { Target } from './target.ts';
import { dial } from './tcp.ts';
import { hostPort } from './text.ts';
import type { Connection, ConnectionError, Endpoint, Transport } from './transport.ts';

/** What a run has that its hosts share. */
export interface Ssh2TransportOptions {
  /** Asks for the passphrase of a key file, once a file; without it encrypted keys need an agent. */
  readonly passphrase?: AskPassphrase;
  /** Things that are worth a line but stop nothing. */
  readonly warn?: (message: string) => void;
  /** The agent's socket; default is SSH_AUTH_SOCK, null is none. */
  readonly agentSocket?: string | null;
  /** Whose keys and known_hosts; default is the user who runs this. */
  readonly user?: LocalUser;
}

/** The default transport: ssh2, with OpenSSH's habits. */
export interface Ssh2Transport extends Transport {
  /**
   * Reads the keys of these endpoints and asks for passphrases, so that no question comes while
   * hosts are being worked on. Returns what is wrong with keys; `connect` will say it again.
   */
  prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]>;
}

/** How often a host is tried again that hangs up before its banner. */
const maximumRetries = 3;
const firstRetryMs = 300;

/** Makes the transport of one run; what it reads (keys, known_hosts) it reads once. */
export function createSsh2Transport(options: Ssh2TransportOptions = {}): Ssh2Transport {
  const user = options.user ?? localUser();
  const warn = options.warn ?? (() => {});
  const identities = new IdentityFiles(options.passphrase ?? null);
  const knownHosts = new KnownHostsFiles(warn);
  const agents = new Map<string, Agent>();
  const { SSH_AUTH_SOCK: userSocket = null } = process.env;
  const agentSocket = options.agentSocket === undefined ? userSocket : options.agentSocket;

  const agentOf = (socket: string | null): Agent | null => {
    if (socket === null || socket === '') return null;
    const agent = agents.get(socket) ?? new Agent(socket);
    agents.set(socket, agent);
    return agent;
  };
  const keysFor = (target: Target): Promise<Offers> =>
    chooseKeys(target, identities, agentOf(target.agentSocket));

  const attempt = async (target: Target, offers: Offers, signal: AbortSignal) => {
    const { host, port, hostKey: policy, connectTimeoutMs } = target;
    const label = hostPort(host, port);
    const known = policy.pin === null ? await knownHosts.load(policy.files) : new KnownHosts();
    const hostKey = new HostKeyCheck(policy, known);
    const socket: Duplex = await dial(target, connectTimeoutMs, signal);
    const client = await openClient({
      socket,
      label,
      user: target.user,
      hostKey,
      authentication: new KeyAuthenticator(target, offers),
      legacyAlgorithms: target.legacyAlgorithms,
      phaseTimeoutMs: connectTimeoutMs,
      signal,
    });
    const connection = new Ssh2Connection(client, {
      socket,
      label,
      answerTimeoutMs: connectTimeoutMs,
    });
    const newKey = hostKey.newKey();
    if (newKey !== null) await closeOnError(connection, knownHosts.record(policy, newKey));
    return connection;
  };

  const open = async (target: Target, signal: AbortSignal): Promise<Ssh2Connection> => {
    const label = hostPort(target.host, target.port);
    const offers = await orAborted(keysFor(target), signal, label);
    for (let retry = 0; ; retry += 1) {
      try {
        return await attempt(target, offers, signal);
      } catch (error) {
        if (!(error instanceof ClosedBeforeBannerError) || retry === maximumRetries) throw error;
      }
      const delayMs = firstRetryMs * 2 ** retry * (0.5 + Math.random());
      await sleep(delayMs, undefined, { signal }).catch(() => {
        throw abortedError(label);
      });
    }
  };

  return {
    async connect(endpoint, signal): Promise<Connection> {
      // One signal stops a whole fleet, so many listeners on it are no leak.
      setMaxListeners(0, signal);
      return open(resolveTarget(endpoint, { user, agentSocket }), signal);
    },
    async prepare(endpoints) {
      const problems = new Map<string, ConnectionError>();
      for (const endpoint of endpoints) {
        await keysFor(resolveTarget(endpoint, { user, agentSocket })).catch((error) =>
          problems.set(error.message, error),
        );
      }
      return [...problems.values()];
    },
    async close() {},
  };
}

async function closeOnError(connection: Connection, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
