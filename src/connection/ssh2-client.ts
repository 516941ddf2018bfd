import type { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type Client, type NegotiatedAlgorithms } from 'ssh2';
import { abortedError } from './abort.ts';
import { chooseAlgorithms } from './algorithm-choice.ts';
import type { Authenticator } from './authenticator.ts';
import { readCertificate } from './certificate.ts';
import type { AgreedAlgorithms } from './contact.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import {
  type BegunExec,
  FirstFlight,
  type FlightPlan,
  type FlightRefusedError,
} from './first-flight.ts';
import { gatherWrites } from './gather-writes.ts';
import { Greeting } from './greeting.ts';
import {
  closedError,
  explainError,
  type HandshakeStanding,
  notSshError,
  type Phase,
  timeoutError,
} from './handshake-errors.ts';
import { accepts, type HostKeyVerifier } from './host-key-verifier.ts';
import { offeredAlgorithms } from './ssh2-algorithms.ts';
import { takeOverExchanges } from './ssh2-exchanges.ts';
import { askForCertificates, verifyByKey } from './ssh2-host-certificates.ts';
import { Ssh2Internals } from './ssh2-internals.ts';
import type { AlgorithmChoice } from './target.ts';
import { messageOf, printable } from './text.ts';
import { ConnectionError } from './transport.ts';
import { signerOf } from './wide-key.ts';

/** Everything that one SSH session over an open socket needs. There is no way to leave out the host key. */
export interface ClientOptions {
  readonly socket: Duplex;
  /** `address:port`, for messages. */
  readonly label: string;
  readonly user: string;
  readonly hostKey: HostKeyVerifier;
  readonly authentication: Authenticator;
  readonly legacyAlgorithms: boolean;
  /** What to offer; default is what is usual. */
  readonly algorithms?: AlgorithmChoice;
  /** For each phase: banner, key exchange, and each key that is tried. */
  readonly phaseTimeoutMs: number;
  /** How often an authenticated connection is asked for a sign of life. */
  readonly keepaliveMs: number;
  readonly signal: AbortSignal;
  /** What may go along with the login; null: nothing. */
  readonly flight?: FlightPlan | null;
  /** Told of the first key exchange, and how the server called itself. */
  readonly onAgreed?: (agreed: AgreedAlgorithms, server: string) => void;
}

/**
 * Key exchange, host key check and authentication over a connected socket; `use` runs as soon as they
 * are done, before the server's next message. The only `new Client` there is. Rejects with
 * `ConnectionError`, or `FlightRefusedError` if it may be tried with less sent ahead; the socket is
 * destroyed then.
 */
export function openClient<T>(
  options: ClientOptions,
  use: (client: Client, begun: BegunExec | null) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const opened = (client: Client, begun: BegunExec | null) => resolve(use(client, begun));
    new Handshake(options, opened, reject).run();
  });
}

/** How often a server may exchange keys anew before it has let anybody in. */
const maximumExchanges = 4;

class Handshake {
  readonly #options: ClientOptions;
  readonly #client = new ssh2.Client();
  readonly #greeting = new Greeting();
  #phase: Phase = 'banner';
  #deadline: Deadline | null = null;
  #settled = false;
  #exchanges = 0;
  #flight: FirstFlight | null = null;
  readonly #resolve: (client: Client, begun: BegunExec | null) => void;
  readonly #reject: (error: ConnectionError | FlightRefusedError) => void;

  constructor(
    options: ClientOptions,
    resolve: (client: Client, begun: BegunExec | null) => void,
    reject: (error: ConnectionError | FlightRefusedError) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  run(): void {
    const { socket, signal, phaseTimeoutMs } = this.#options;
    if (signal.aborted) {
      this.#abort();
      return;
    }
    signal.addEventListener('abort', this.#abort, { once: true });
    this.#deadline = startDeadline(phaseTimeoutMs, () => this.#fail(timeoutError(this.#standing)));
    this.#client
      .on('error', (error) => this.#onError(error))
      .on('close', () => this.#fail(closedError(this.#standing)))
      .on('handshake', (agreed) => this.#onExchange(agreed))
      .on('change password', () => this.#fail(this.#options.authentication.passwordExpired()))
      .on('ready', () => {
        if (this.#flight?.isGrounded ?? true) this.#succeed();
      });
    this.#connect();
    // After ssh2 has paused the socket, or this listener would swallow the banner.
    socket.on('data', this.#onData);
  }

  readonly #onData = (chunk: Buffer): void => {
    const state = this.#greeting.add(chunk);
    if (state === 'incomplete') return;
    this.#options.socket.off('data', this.#onData);
    if (state === 'too-long') this.#fail(notSshError(this.#standing));
    else if (this.#phase === 'banner') this.#enter('key exchange');
  };

  /** Only the first exchange is progress: a server may go on exchanging keys for ever. */
  #onExchange({ kex, serverHostKey, cs }: NegotiatedAlgorithms): void {
    this.#exchanges += 1;
    if (this.#exchanges === 1) {
      this.#enter('authentication');
      const internals = Ssh2Internals.of(this.#client);
      this.#options.onAgreed?.(
        {
          ...{ kex, hostKey: serverHostKey, cipher: cs.cipher, mac: cs.mac },
          isStrict: internals?.isStrict ?? null,
        },
        this.#greeting.identification,
      );
      internals?.signWhole(signerOf);
      internals?.skipHostKeyProofs();
      this.#flight = this.#startFlight(internals);
    } else if (this.#exchanges > maximumExchanges) {
      const { label } = this.#options;
      this.#fail(new ConnectionError('network', `${label} exchanges keys without end`));
    }
  }

  #startFlight(internals: Ssh2Internals | null): FirstFlight | null {
    const { socket, user, authentication, flight: plan = null } = this.#options;
    if (plan === null || plan.level === 'stock') return null;
    const key = internals === null ? null : authentication.first?.(() => this.#pause());
    if (internals === null || key === null || key === undefined) return null;
    const { level, first } = plan;
    return new FirstFlight(
      this.#client,
      socket,
      internals,
      { level, user, server: this.#greeting.identification, key, first },
      { landed: () => this.#succeed(), refused: (error) => this.#end(error) },
    );
  }

  #connect(): void {
    const { socket, user, hostKey, legacyAlgorithms } = this.#options;
    const lists = this.#options.algorithms ?? chooseAlgorithms({}, legacyAlgorithms);
    gatherWrites(socket);
    try {
      this.#client.connect({
        sock: socket,
        username: user,
        ident: 'xpush',
        algorithms: offeredAlgorithms(lists, hostKey.knownTypes),
        hostVerifier: (key: Buffer) => accepts(hostKey, key) && this.#verifiesBy(key),
        authHandler: (allowed, partial, next) => {
          void this.#authenticate(allowed, partial === true, next);
        },
        agentForward: false,
        readyTimeout: 0,
        // These make the other side speak; who hears nothing gives up by himself.
        keepaliveInterval: this.#options.keepaliveMs,
        keepaliveCountMax: Number.MAX_SAFE_INTEGER,
      });
      if (!takeOverExchanges(this.#client)) throw new Error('this ssh2 is another one');
      if (hostKey.wantsCertificate === true) {
        askForCertificates(this.#client, lists.hostCertificates);
      }
    } catch (error) {
      this.#fail(new ConnectionError('config', messageOf(error), { cause: error }));
    }
  }

  /** Of a certificate, ssh2 has to be told the key that the host signs with. */
  #verifiesBy(blob: Buffer): boolean {
    const certificate = readCertificate(blob);
    return certificate === null || verifyByKey(this.#client, certificate.key);
  }

  async #authenticate(
    allowed: readonly string[] | null,
    isPartial: boolean,
    next: (method: AnyAuthMethod) => void,
  ): Promise<void> {
    if (this.#settled || this.#flight?.isGrounded === false) return;
    const chosen = this.#options.authentication.next(allowed, isPartial, {
      pause: () => this.#pause(),
      refuse: (error) => this.#fail(error),
    });
    // without a turn of the loop where nobody is waited for
    const method = chosen instanceof Promise ? await chosen : chosen;
    if (this.#settled) return;
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
      this.#fail(explainError(error, this.#standing));
    }
  }

  get #standing(): HandshakeStanding {
    const { label, phaseTimeoutMs, hostKey, legacyAlgorithms, authentication } = this.#options;
    return {
      ...{ label, phaseTimeoutMs, legacyAlgorithms },
      phase: this.#phase,
      said: this.#greeting.firstLine,
      refusal: hostKey.refusal(),
      loginFailure: (words) => {
        authentication.note(words);
        return authentication.failure();
      },
    };
  }

  readonly #abort = (): void => this.#fail(abortedError(this.#options.label));

  #fail(error: ConnectionError): void {
    const isOurs = error.reason === 'aborted';
    this.#end((isOurs ? null : this.#flight?.refusal(error)) ?? error);
  }

  #end(error: ConnectionError | FlightRefusedError): void {
    if (this.#settled) return;
    this.#finish(false);
    this.#client.removeAllListeners().on('error', () => {});
    const { socket } = this.#options;
    socket.on('error', () => {});
    socket.uncork(); // the server may hear why
    socket.destroy();
    this.#reject(error);
  }

  #succeed(): void {
    if (this.#settled) return;
    this.#finish(true);
    this.#client.removeAllListeners().on('error', () => {});
    this.#resolve(this.#client, this.#flight?.begun ?? null);
  }

  #finish(isIn: boolean): void {
    this.#settled = true;
    this.#options.authentication.ended(isIn);
    this.#deadline?.clear();
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#options.socket.off('data', this.#onData);
  }
}
