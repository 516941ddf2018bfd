import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { wireString } from './ssh-wire.ts';
import { largestPacket, type OpenedChannel, type Ssh2Internals } from './ssh2-internals.ts';
import type { FirstExec } from './transport.ts';

/**
 * How much goes behind a key exchange without waiting. `whole`: the login, a channel, the command and
 * its input, as if the server's first channel had the number 0. `channel`: the login and the request
 * for a channel, as RFC 4252, 5.1 allows. `stock`: each waits for the answer to the one before.
 */
export type FlightLevel = 'whole' | 'channel' | 'stock';

/** A command to be sent along with the login, and how much is to be sent ahead. */
export interface FlightPlan {
  readonly level: FlightLevel;
  /** null: none, only the login is sent ahead. */
  readonly first: FirstExec | null;
}

/** A key that is offered with its signature at once, before the server has been asked about it. */
export interface FirstKey {
  /** Signature algorithms that it can be offered by, best first. */
  readonly algorithms: readonly string[];
  /** The key or certificate as it is sent. */
  readonly blob: Buffer;
  /** A whole signature (RFC 4253, 6.6); null when there is none, and why was noted. */
  sign(data: Buffer, algorithm: string): Promise<Buffer | null>;
}

/** A flight came to nothing: try again on a new connection, with less of it. */
export class FlightRefusedError extends Error {
  override readonly name = 'FlightRefusedError';
  readonly nextLevel: FlightLevel;
  /** Whether the server has said that it does not let the key in. */
  readonly isOfKey: boolean;

  constructor(nextLevel: FlightLevel, options: { isOfKey?: boolean; cause?: unknown } = {}) {
    super('the server did not take what was sent ahead', { cause: options.cause });
    this.nextLevel = nextLevel;
    this.isOfKey = options.isOfKey ?? false;
  }
}

/** A command that was begun by a flight. */
export interface BegunExec {
  readonly first: FirstExec;
  /** Of `first.input`, what was not sent yet. */
  readonly rest: Buffer;
  /** Calls back once the server has answered; at once if it has already. */
  onAnswer(answer: ExecAnswer): void;
}

type ExecAnswer = (error: Error | undefined, channel: ClientChannel) => void;

/** What a flight needs. */
export interface FlightOptions {
  readonly level: 'whole' | 'channel';
  readonly user: string;
  /** How the server calls itself: `SSH-2.0-OpenSSH_9.2p1`. */
  readonly server: string;
  readonly key: FirstKey;
  /** null: nothing but the login is sent ahead. */
  readonly first: FirstExec | null;
}

/** What becomes of a flight; each is called once at most, and only one of them. */
export interface FlightEvents {
  /** The login is good, and so is all that was sent behind it. */
  landed(): void;
  refused(error: FlightRefusedError): void;
}

/** The server's number of the first channel, as every server at hand counts. */
const firstChannel = 0;

/** Of the input: what dropbear takes on a channel before it has said so, and old versions of OpenSSH. */
const mostAhead = 24 * 1024;
const mostAheadOfOpenssh = 128 * 1024;

/**
 * The login, a channel, a command and its input in one flight behind the key exchange, which saves six
 * round trips. The host's key has been verified before it starts, so nobody but the host reads it; and
 * a host that does not let us in runs none of it (RFC 4252, 6). Since `first` cannot change a host, one
 * that runs it all the same, or lets in everyone, is not harmed either. What was sent ahead on a
 * wrong guess breaks the connection: then `refused` says how to go on over a new one.
 */
export class FirstFlight {
  readonly #client: Client;
  readonly #socket: Duplex;
  readonly #internals: Ssh2Internals;
  readonly #options: FlightOptions;
  readonly #events: FlightEvents;
  readonly #ahead: Buffer;
  readonly #rest: Buffer;
  #serverAlgorithms: readonly string[] | null = null;
  #state: 'signing' | 'grounded' | 'flying' | 'authenticated' | 'over' = 'signing';
  /** What was sent beyond the window that the server had opened. */
  #debt = 0;
  #ourChannel: number | null = null;
  #answer: Parameters<ExecAnswer> | null = null;
  #onAnswer: ExecAnswer | null = null;

  /** To be made within ssh2's first `handshake` event: until the key has signed nothing is sent. */
  constructor(
    client: Client,
    socket: Duplex,
    internals: Ssh2Internals,
    options: FlightOptions,
    events: FlightEvents,
  ) {
    this.#client = client;
    this.#socket = socket;
    this.#internals = internals;
    this.#options = options;
    this.#events = events;
    const input = Buffer.from(options.first?.input ?? '');
    const most = options.server.startsWith('SSH-2.0-OpenSSH_') ? mostAheadOfOpenssh : mostAhead;
    this.#ahead = input.subarray(0, this.#isWhole ? most : 0);
    this.#rest = input.subarray(this.#ahead.length);
    socket.cork();
    this.#intercept();
    // The server's next message tells which signatures it takes, and mostly comes in the same piece.
    process.nextTick(() => void this.#start());
  }

  get #isWhole(): boolean {
    return this.#options.level === 'whole' && this.#options.first !== null;
  }

  /** Whether ssh2 may go on with the login in its own way: the key did not sign. */
  get isGrounded(): boolean {
    return this.#state === 'grounded';
  }

  /** What its end by this error means; null when the flight has nothing to do with it. */
  refusal(cause: Error): FlightRefusedError | null {
    if (this.#state === 'flying') return new FlightRefusedError('stock', { cause });
    if (this.#state === 'authenticated') return new FlightRefusedError('channel', { cause });
    return null;
  }

  get begun(): BegunExec | null {
    const { first } = this.#options;
    if (this.#state === 'grounded' || first === null) return null;
    return {
      first,
      rest: this.#rest,
      onAnswer: (answer) => {
        if (this.#answer !== null) answer(...this.#answer);
        else this.#onAnswer = answer;
      },
    };
  }

  async #start(): Promise<void> {
    try {
      const request = await this.#signedRequest();
      if (request === null || this.#internals.isExchanging) this.#state = 'grounded';
      else if (this.#state === 'signing' && this.#socket.writable) this.#fly(request);
    } finally {
      this.#socket.uncork();
    }
  }

  /** RFC 4252, 7: a request that holds the signature, and what is signed. */
  async #signedRequest(): Promise<Buffer | null> {
    const { user, key } = this.#options;
    const algorithm = this.#algorithm();
    if (algorithm === null) return null;
    const request = Buffer.concat([
      Buffer.from([50]),
      ...[user, 'ssh-connection', 'publickey'].map(wireString),
      Buffer.from([1]),
      ...[algorithm, key.blob].map(wireString),
    ]);
    const { sessionId } = this.#internals;
    const signature = await key.sign(Buffer.concat([wireString(sessionId), request]), algorithm);
    return signature === null ? null : Buffer.concat([request, wireString(signature)]);
  }

  /** The best that the server takes; when it has not said what it takes, the best. */
  #algorithm(): string | null {
    const { algorithms } = this.#options.key;
    const taken = this.#serverAlgorithms;
    if (taken === null || algorithms.length === 1) return algorithms[0] ?? null;
    return algorithms.find((name) => taken.includes(name)) ?? null;
  }

  #fly(request: Buffer): void {
    const { first } = this.#options;
    this.#state = 'flying';
    this.#internals.send(request);
    if (first === null) return;
    this.#client.exec(first.command, (...answer) => {
      this.#answer = answer;
      if (this.#state === 'authenticated') this.#decide(answer[0]);
      else this.#onAnswer?.(...answer);
    });
    if (this.#isWhole) {
      this.#internals.startCommand(firstChannel, first.command, this.#ahead);
    }
  }

  #intercept(): void {
    const internals = this.#internals;
    internals.intercept('EXT_INFO', (pass) => (protocol, extensions) => {
      this.#serverAlgorithms = extensions[0]?.algs ?? this.#serverAlgorithms;
      pass(protocol, extensions);
    });
    internals.intercept('USERAUTH_SUCCESS', (pass) => (protocol) => {
      if (this.#state === 'grounded') pass(protocol);
      else if (this.#state === 'signing') this.#refuse('stock');
      else if (this.#state === 'flying') {
        this.#state = 'authenticated';
        pass(protocol);
        if (!this.#isWhole) this.#land();
      }
    });
    internals.intercept('USERAUTH_FAILURE', (pass) => (protocol, methods, isPartial) => {
      if (this.#state === 'grounded') pass(protocol, methods, isPartial);
      else if (this.#state === 'flying') this.#refuse('stock', !isPartial);
    });
    internals.intercept('CHANNEL_OPEN_CONFIRMATION', (pass) => (protocol, channel) => {
      if (this.#state === 'flying') this.#refuse('stock');
      else if (this.#state === 'authenticated') {
        this.#confirm(channel, (confirmed) => pass(protocol, confirmed));
      } else pass(protocol, channel);
    });
    internals.intercept('CHANNEL_OPEN_FAILURE', (pass) => (protocol, ...failure) => {
      if (this.#state === 'flying') this.#refuse('stock');
      else if (this.#state === 'authenticated') this.#refuse('channel');
      else pass(protocol, ...failure);
    });
    internals.intercept('CHANNEL_WINDOW_ADJUST', (pass) => (protocol, recipient, amount) => {
      const paid = recipient === this.#ourChannel ? Math.min(this.#debt, amount) : 0;
      this.#debt -= paid;
      if (amount > paid) pass(protocol, recipient, amount - paid);
    });
  }

  /** The server has opened the channel; if its window is not wide enough, it may drop what was sent. */
  #confirm(channel: OpenedChannel, pass: (channel: OpenedChannel) => void): void {
    const sent = this.#ahead.length;
    const isTooNarrow = channel.window > 0 && channel.window < sent;
    const areTooLarge = channel.packetSize < Math.min(sent, largestPacket);
    if (channel.sender !== firstChannel || isTooNarrow || areTooLarge) {
      this.#refuse('channel');
      return;
    }
    this.#ourChannel = channel.recipient;
    this.#debt = Math.max(0, sent - channel.window);
    const window = Math.max(0, channel.window - sent);
    this.#internals.withoutExec(() => pass({ ...channel, window }));
  }

  /** The server has answered to the command; with it OpenSSH opens the window, never before. */
  #decide(error: Error | undefined): void {
    if (error !== undefined || this.#debt > 0) this.#refuse('channel');
    else this.#land();
  }

  #land(): void {
    this.#state = 'over';
    this.#events.landed();
  }

  #refuse(nextLevel: FlightLevel, isOfKey = false): void {
    this.#state = 'over';
    this.#events.refused(new FlightRefusedError(nextLevel, { isOfKey }));
  }
}
