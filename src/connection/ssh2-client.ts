import type { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type Client } from 'ssh2';
import { abortedError } from './abort.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { ClosedBeforeBannerError } from './early-close.ts';
import { Greeting } from './greeting.ts';
import { offeredAlgorithms } from './ssh2-algorithms.ts';
import { codeOf, messageOf, printable, seconds } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Everything that one SSH session over an open socket needs. There is no way to leave out the host key. */
export interface ClientOptions {
  readonly socket: Duplex;
  /** `address:port`, for messages. */
  readonly label: string;
  readonly user: string;
  readonly hostKey: HostKeyVerifier;
  readonly authentication: Authenticator;
  readonly legacyAlgorithms: boolean;
  /** For each phase: banner, key exchange, and each key that is tried. */
  readonly phaseTimeoutMs: number;
  /** How often an authenticated connection is asked for a sign of life. */
  readonly keepaliveMs: number;
  readonly signal: AbortSignal;
}

/** Says whether a host is the right one. */
export interface HostKeyVerifier {
  /** Key types to ask for first. */
  readonly knownTypes: readonly string[];
  /** Synchronous, and the same for the same key: it is asked again at each key exchange. */
  verify(key: Buffer): boolean;
  /** Why the last key was refused. */
  refusal(): ConnectionError | null;
}

/** Chooses what to authenticate with. */
export interface Authenticator {
  /**
   * The next thing to try; null when there is none. `allowed` is null at the first call. `pause` stops
   * the clock of the phase while something here is waited for, not the host, and gives what goes on.
   */
  next(allowed: readonly string[] | null, pause: () => () => void): AnyAuthMethod | null;
  /** What went wrong with a key, such as an agent that refused to sign. */
  note(problem: string): void;
  /** Why nothing worked. */
  failure(): ConnectionError;
}

/**
 * Key exchange, host key check and authentication over a connected socket.
 * The only `new Client` there is. Rejects with `ConnectionError`; the socket is destroyed then.
 */
export function openClient(options: ClientOptions): Promise<Client> {
  return new Handshake(options).run();
}

/** How often a server may exchange keys anew before it has let anybody in. */
const maximumExchanges = 4;

type Phase = 'banner' | 'key exchange' | 'authentication';

class Handshake {
  readonly #options: ClientOptions;
  readonly #client = new ssh2.Client();
  readonly #greeting = new Greeting();
  #phase: Phase = 'banner';
  #deadline: Deadline | null = null;
  #settled = false;
  #exchanges = 0;
  #resolve: (client: Client) => void = () => {};
  #reject: (error: ConnectionError) => void = () => {};

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  run(): Promise<Client> {
    const { socket, signal, phaseTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (signal.aborted) {
        this.#abort();
        return;
      }
      signal.addEventListener('abort', this.#abort, { once: true });
      this.#deadline = startDeadline(phaseTimeoutMs, () => this.#fail(this.#timeoutError()));
      this.#client
        .on('error', (error) => this.#onError(error))
        .on('close', () => this.#fail(this.#closedError()))
        .on('handshake', () => this.#onExchange())
        .on('ready', () => this.#succeed());
      this.#connect();
      // After ssh2 has paused the socket, or this listener would swallow the banner.
      socket.on('data', this.#onData);
    });
  }

  readonly #onData = (chunk: Buffer): void => {
    const state = this.#greeting.add(chunk);
    if (state === 'incomplete') return;
    this.#options.socket.off('data', this.#onData);
    if (state === 'too-long') this.#fail(this.#notSsh());
    else if (this.#phase === 'banner') this.#enter('key exchange');
  };

  /** Only the first exchange is progress: a server may go on exchanging keys for ever. */
  #onExchange(): void {
    this.#exchanges += 1;
    if (this.#exchanges === 1) this.#enter('authentication');
    else if (this.#exchanges > maximumExchanges) {
      const { label } = this.#options;
      this.#fail(new ConnectionError('network', `${label} exchanges keys without end`));
    }
  }

  #connect(): void {
    const { socket, user, hostKey, legacyAlgorithms: legacy } = this.#options;
    try {
      this.#client.connect({
        sock: socket,
        username: user,
        ident: 'xpush',
        algorithms: offeredAlgorithms({ knownTypes: hostKey.knownTypes, legacy }),
        hostVerifier: (key: Buffer) => accepts(hostKey, key),
        authHandler: (allowed, _partial, next) => this.#authenticate(allowed, next),
        agentForward: false,
        readyTimeout: 0,
        // These make the other side speak; who hears nothing gives up by himself.
        keepaliveInterval: this.#options.keepaliveMs,
        keepaliveCountMax: Number.MAX_SAFE_INTEGER,
      });
    } catch (error) {
      this.#fail(new ConnectionError('config', messageOf(error), { cause: error }));
    }
  }

  #authenticate(allowed: readonly string[] | null, next: (method: AnyAuthMethod) => void): void {
    if (this.#settled) return;
    const method = this.#options.authentication.next(allowed, () => this.#pause());
    if (method === null) {
      this.#fail(this.#options.authentication.failure());
    } else {
      this.#enter('authentication');
      next(method);
    }
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    if (!this.#settled) this.#deadline?.restart(this.#options.phaseTimeoutMs);
  }

  #pause(): () => void {
    this.#deadline?.clear();
    return () => this.#enter(this.#phase);
  }

  #onError(error: Error & { readonly level?: string }): void {
    // ssh2 goes on to the next key after these two.
    if (error.level === 'client-authentication' || error.level === 'agent') {
      this.#options.authentication.note(printable(error.message));
    } else {
      this.#fail(this.#explain(error));
    }
  }

  #explain(error: Error): ConnectionError {
    const { label, hostKey, legacyAlgorithms: legacy, authentication } = this.#options;
    const refusal = hostKey.refusal();
    if (refusal !== null) return refusal;
    const text = printable(error.message);
    if (notSsh.test(text)) return this.#notSsh(error);
    if (this.#phase === 'banner' || /^Connection lost before handshake/.test(text)) {
      return new ClosedBeforeBannerError(label, this.#greeting.firstLine);
    }
    if (/no matching/.test(text)) {
      return new ConnectionError(
        'network',
        `${label}: ${text.replace(/^Handshake failed: /, '')}`,
        {
          hint: legacy ? 'the server is too old or too new for this client' : legacyHint,
          cause: error,
        },
      );
    }
    if (codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE') {
      return new ConnectionError('network', `${label} cut the connection ${this.#during()}`);
    }
    if (/^Bad packet length/.test(text)) {
      return new ConnectionError('network', `${label}: ${text} ${this.#during()}`, {
        hint: 'a packet has 35 kB at most: is the Banner in its sshd_config longer?',
        cause: error,
      });
    }
    // Only its own words are the host's answer to a login.
    if (this.#phase === 'authentication' && 'code' in error && typeof error.code === 'number') {
      authentication.note(text);
      return authentication.failure();
    }
    return new ConnectionError('network', `${label}: ${text} ${this.#during()}`, { cause: error });
  }

  #closedError(): ConnectionError {
    const { label, hostKey } = this.#options;
    if (this.#phase === 'banner') {
      return new ClosedBeforeBannerError(label, this.#greeting.firstLine);
    }
    return (
      hostKey.refusal() ??
      new ConnectionError('network', `${label} closed the connection ${this.#during()}`)
    );
  }

  #notSsh(cause?: Error): ConnectionError {
    const said = this.#greeting.firstLine;
    const text = `${this.#options.label} does not speak SSH${said === '' ? '' : `; it said: ${said}`}`;
    return new ConnectionError('network', text, { cause });
  }

  #timeoutError(): ConnectionError {
    const { label, phaseTimeoutMs } = this.#options;
    const time = seconds(phaseTimeoutMs);
    return this.#phase === 'banner'
      ? new ConnectionError('timeout', `no SSH banner from ${label} in ${time}`, {
          hint: 'something listens there and does not greet as an SSH server does: does the host hang?',
        })
      : new ConnectionError('timeout', `no answer from ${label} in ${time} ${this.#during()}`);
  }

  #during(): string {
    return `during the ${this.#phase}`;
  }

  readonly #abort = (): void => this.#fail(abortedError(this.#options.label));

  #fail(error: ConnectionError): void {
    if (this.#settled) return;
    this.#finish();
    this.#client.removeAllListeners().on('error', () => {});
    this.#options.socket.on('error', () => {});
    this.#options.socket.destroy();
    this.#reject(error);
  }

  #succeed(): void {
    if (this.#settled) return;
    this.#finish();
    this.#client.removeAllListeners().on('error', () => {});
    this.#resolve(this.#client);
  }

  #finish(): void {
    this.#settled = true;
    this.#deadline?.clear();
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#options.socket.off('data', this.#onData);
  }
}

/** What ssh2 says of a first line that is none of SSH 2. */
const notSsh = /^(Invalid header|Invalid identification|Max greeting|Max line|Header line)/;

const legacyHint =
  'an old server needs `legacy_algorithms: true`; one that allows post-quantum key exchange only cannot be reached by xpush 0.1';

/** ssh2 takes everything but `false` for a yes, a promise too; this takes only `true` for one. */
function accepts(verifier: HostKeyVerifier, key: Buffer): boolean {
  try {
    return verifier.verify(key) === true;
  } catch {
    return false;
  }
}
