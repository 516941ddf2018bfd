import { raise } from './become.ts';
import { type RaisedCommand, raisedCommand } from './become-command.ts';
import { FailedLogins } from './failed-logins.ts';
import { PasswordTurns } from './password.ts';
import {
  type Become,
  type Connection,
  ConnectionError,
  type Endpoint,
  type Exec,
  type FirstExec,
  type Transport,
} from './transport.ts';

/** PAM waits up to some seconds after a wrong password, and sudo for names that nobody answers for. */
const leastAnswerMs = 30_000;

/** An endpoint that says whom its programs run as. */
export type BecomingEndpoint = Endpoint & { readonly become: Become };

/** Connections of one run whose commands another user runs than who logs in, over any transport. */
export class Becoming {
  readonly #turns = new PasswordTurns();
  readonly #refusals = new FailedLogins();

  /**
   * Connects, and becomes the user already if there is a first command: what a host refuses is told
   * like a login that it refuses. Rejects with `ConnectionError`.
   */
  async connect(
    transport: Transport,
    endpoint: BecomingEndpoint,
    signal: AbortSignal,
    first?: FirstExec,
  ): Promise<Connection> {
    const { become } = endpoint;
    const id = idOf(endpoint);
    const refusal = this.#refusals.refusal(id);
    if (refusal !== null) throw refusal;
    const start = (connection: Connection, words: RaisedCommand, until: AbortSignal) =>
      this.#start(connection, endpoint, words, until);
    if (first === undefined) {
      return new BecomingConnection(await transport.connect(endpoint, signal), become, start);
    }
    const words = raisedCommand(first.command, become);
    // What reads the standard input for a password must find nothing else there.
    const input = isSilent(become) ? first.input : '';
    const connection = await transport.connect(endpoint, signal, { command: words.command, input });
    try {
      const exec = await start(connection, words, signal);
      this.#refusals.succeeded(id);
      return new BecomingConnection(connection, become, start, { command: first.command, exec });
    } catch (error) {
      await connection.close();
      const isRefused = error instanceof ConnectionError && error.reason === 'become';
      if (isRefused) this.#refusals.failed(id, error, become.password !== undefined);
      throw error;
    }
  }

  async #start(
    connection: Connection,
    { become, name, user, connectTimeoutMs = 0 }: BecomingEndpoint,
    words: RaisedCommand,
    signal: AbortSignal,
  ): Promise<Exec> {
    const { method } = become;
    const account = method === 'su' ? become.user : (user ?? '');
    return await raise(await connection.exec(words.command), {
      ...{ become, words, signal, label: name, loginUser: user ?? null },
      answerTimeoutMs: Math.max(connectTimeoutMs, leastAnswerMs),
      takeTurn: (password) => this.#turns.take(`${method} ${account}`, password),
    });
  }
}

class BecomingConnection implements Connection {
  readonly #connection: Connection;
  readonly #become: Become;
  readonly #start: (
    connection: Connection,
    words: RaisedCommand,
    signal: AbortSignal,
  ) => Promise<Exec>;
  #begun: { readonly command: string; readonly exec: Exec } | null;

  constructor(
    connection: Connection,
    become: Become,
    start: (connection: Connection, words: RaisedCommand, signal: AbortSignal) => Promise<Exec>,
    begun: { readonly command: string; readonly exec: Exec } | null = null,
  ) {
    this.#connection = connection;
    this.#become = become;
    this.#start = start;
    this.#begun = begun;
  }

  async exec(command: string): Promise<Exec> {
    const begun = this.#begun;
    this.#begun = null;
    if (begun?.command === command) return begun.exec;
    // nobody reads it, so it may not go on
    begun?.exec.stdin.end();
    const words = raisedCommand(command, this.#become);
    return await this.#start(this.#connection, words, new AbortController().signal);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** Whether the method never reads the standard input: what is there goes to the raised shell, or nowhere. */
function isSilent({ method, password }: Become): boolean {
  return method === 'doas' || (method === 'sudo' && password === undefined);
}

function idOf({ address, port = 0, user = '', jump = [], become }: BecomingEndpoint) {
  return {
    ...{ host: address, port, user },
    via: jump.map((hop) => [hop.address, hop.port ?? 0]),
    identities: [become.method, become.user],
  };
}
