import { setMaxListeners } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortedError, orAborted } from './abort.ts';
import type { Observe } from './contact.ts';
import { ClosedBeforeBannerError, EarlyCloseRetries } from './early-close.ts';
import { FailedLogins } from './failed-logins.ts';
import { IdentityFiles } from './identity.ts';
import { forwardError, JumpHosts } from './jump-hosts.ts';
import { Leash } from './leash.ts';
import { type LocalUser, localUser } from './local-user.ts';
import { pinName } from './openssh-arguments.ts';
import { OpensshConnection } from './openssh-connection.ts';
import { tellOpenssh } from './openssh-contact.ts';
import { opensshLabel } from './openssh-failure.ts';
import { OpensshMaster } from './openssh-master.ts';
import { OpensshProgram } from './openssh-program.ts';
import { type OpensshTarget, resolveOpensshTarget } from './openssh-target.ts';
import { expandHome } from './openssh-tokens.ts';
import { formatPublicKey, parsePublicKey } from './public-key.ts';
import { isMissedNeighbour } from './tcp.ts';
import { type Connection, ConnectionError, type Endpoint, type Transport } from './transport.ts';

/** What a run has that its hosts share. */
export interface OpensshTransportOptions {
  /** As `ssh -F`: an OpenSSH client configuration, or `none`; default is the user's and the system's. */
  readonly config?: string;
  /** Things that are worth a line but stop nothing; each is said once. */
  readonly warn?: (message: string) => void;
  /** The agent's socket; default is the user's configuration, null is none. */
  readonly agentSocket?: string | null;
  /** Whose home `~` is. */
  readonly user?: LocalUser;
  /** Is told what becomes known while connections are made. */
  readonly observe?: Observe;
}

/** The user's own `ssh` as a transport. */
export interface OpensshTransport extends Transport {
  /**
   * Asks `ssh` what it would do for these endpoints. Returns what is wrong, each problem once;
   * `connect` will say it again.
   */
  prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]>;
}

/** Of what one host sends in a run; programs and their answers are a small part of it. */
const hostReceiveLimit = 256 * 1024 * 1024;

/** sun_path has 104 bytes on some systems, and `ssh` appends 17 to the path while it makes its socket. */
const longestDirectory = 60;

/**
 * Makes the transport of one run that reaches hosts by the user's own `ssh`: one process for each
 * connection, told by arguments alone, whose control socket carries the channels.
 */
export function createOpensshTransport(options: OpensshTransportOptions = {}): OpensshTransport {
  return new Run(options);
}

class Run implements OpensshTransport {
  readonly #options: OpensshTransportOptions;
  readonly #user: LocalUser;
  readonly #program = new OpensshProgram();
  readonly #identities = new IdentityFiles(null);
  readonly #failedLogins = new FailedLogins();
  readonly #jumpHosts = new JumpHosts((hop: OpensshTarget, signal) =>
    this.#open(hop, signal, Infinity),
  );
  readonly #pins = new Map<string, Promise<string>>();
  readonly #warned = new Set<string>();
  #room: { readonly directory: string; readonly leash: Leash } | null = null;
  #files = 0;

  constructor(options: OpensshTransportOptions) {
    this.#options = options;
    this.#user = options.user ?? localUser();
  }

  async connect(endpoint: Endpoint, signal: AbortSignal): Promise<Connection> {
    // One signal stops a whole fleet, so many listeners on it are no leak.
    setMaxListeners(0, signal);
    const target = await orAborted(this.#resolve(endpoint), signal, endpoint.name);
    return await this.#open(target, signal, hostReceiveLimit);
  }

  async prepare(endpoints: readonly Endpoint[]): Promise<readonly ConnectionError[]> {
    const problems = new Map<string, ConnectionError>();
    const check = async (endpoint: Endpoint) => {
      try {
        await this.#resolve(endpoint);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        problems.set(error.message, error);
      }
    };
    await Promise.all(endpoints.map(check));
    return [...problems.values()];
  }

  async close(): Promise<void> {
    await this.#jumpHosts.close();
    this.#room?.leash.end();
    this.#room = null;
    this.#pins.clear();
  }

  async #resolve(endpoint: Endpoint): Promise<OpensshTarget> {
    await this.#checkIdentities(endpoint);
    return await resolveOpensshTarget(endpoint, {
      program: this.#program,
      user: this.#user,
      config: this.#options.config ?? null,
      agentSocket: this.#options.agentSocket,
      pinFile: (key) => this.#pinFile(key),
      warn: this.#warn,
    });
  }

  /** Said before anyone is contacted; `ssh` would go on without. */
  async #checkIdentities({ identity, jump = [] }: Endpoint): Promise<void> {
    for (const hop of jump) await this.#checkIdentities(hop);
    if (identity === undefined) return;
    const preview = await this.#identities.preview(expandHome(identity, this.#user.home));
    if (preview.kind !== 'problem') return;
    const { message, hint } = preview.problem;
    throw new ConnectionError('config', message, hint === null ? {} : { hint });
  }

  async #open(
    target: OpensshTarget,
    signal: AbortSignal,
    receiveLimit: number,
  ): Promise<OpensshConnection> {
    const login = { ...target, identities: target.args };
    const refusal = this.#failedLogins.refusal(login);
    if (refusal !== null) throw refusal;
    const beganMs = performance.now();
    const label = opensshLabel(target);
    const retries = new EarlyCloseRetries({ label, signal, patienceMs: target.connectTimeoutMs });
    for (let isFirst = true; ; isFirst = false) {
      try {
        const connection = await this.#attempt(target, signal, receiveLimit);
        this.#failedLogins.succeeded(login);
        return connection;
      } catch (error) {
        if (signal.aborted) throw abortedError(label);
        const isRefusal = error instanceof ConnectionError && error.reason === 'authentication';
        if (isRefusal) this.#failedLogins.failed(login, error);
        if (isFirst && isMissedNeighbour(error, performance.now() - beganMs)) continue;
        await retries.next(error);
      }
    }
  }

  async #attempt(
    target: OpensshTarget,
    signal: AbortSignal,
    receiveLimit: number,
  ): Promise<OpensshConnection> {
    const { via } = target;
    tellOpenssh(this.#options.observe, target, null);
    const start = async (hop: OpensshConnection | null): Promise<OpensshConnection> => {
      const master = await OpensshMaster.start({
        ...{ target, signal, leash: this.#takeRoom().leash },
        socket: this.#newFile('s'),
        hopSocket: hop?.socket ?? null,
        onFailure: (log) => tellOpenssh(this.#options.observe, target, log),
      });
      tellOpenssh(this.#options.observe, target, master.log);
      const answerTimeoutMs = target.connectTimeoutMs;
      return await OpensshConnection.open(master, { answerTimeoutMs, receiveLimit });
    };
    if (via === null) return await start(null);
    return await this.#jumpHosts.through(via, signal, async (hop) => {
      try {
        return await start(hop);
      } catch (error) {
        if (error instanceof ClosedBeforeBannerError) await sayWhy(hop, via, target);
        throw error;
      }
    });
  }

  #pinFile(text: string): Promise<string> {
    const known = this.#pins.get(text);
    if (known !== undefined) return known;
    const key = parsePublicKey(text);
    const path = this.#newFile('k');
    const line = key === null ? '' : `${pinName} ${formatPublicKey(key)}\n`;
    const written = writeFile(path, line, { mode: 0o600, flag: 'wx' }).then(() => path);
    this.#pins.set(text, written);
    return written;
  }

  /** A path in a directory that only this user can look into. */
  #newFile(prefix: string): string {
    this.#files += 1;
    return join(this.#takeRoom().directory, `${prefix}${this.#files}`);
  }

  #takeRoom(): { readonly directory: string; readonly leash: Leash } {
    if (this.#room === null) {
      const parent = tmpdir().length > longestDirectory ? '/tmp' : tmpdir();
      const directory = mkdtempSync(join(parent, 'xpush-'));
      this.#room = { directory, leash: new Leash(directory) };
    }
    return this.#room;
  }

  readonly #warn = (message: string): void => {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn?.(message);
  };
}

/** Throws why a hop does not pass a connection on, if it does not: `ssh -W` keeps that to itself. */
async function sayWhy(
  hop: OpensshConnection,
  via: OpensshTarget,
  target: OpensshTarget,
): Promise<void> {
  try {
    const channel = await hop.forward(target.host, target.port, target.connectTimeoutMs);
    channel.destroy();
  } catch (error) {
    throw forwardError(error, via, target);
  }
}
