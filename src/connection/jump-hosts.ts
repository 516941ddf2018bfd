import { orAborted } from './abort.ts';
import { HandshakeGate } from './handshake-gate.ts';
import type { Target } from './target.ts';
import { hostPort, printable } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Many hosts hang on one: a dead line is to be noticed before they have given up. */
const keepaliveMs = 5_000;
const roundTripMs = 1_000;

/** A host to go through: plain data, the same for the same way to the same host. */
interface Hop {
  readonly name: string;
  readonly keepaliveMs: number;
}

/** A connection that others go through. */
interface Jump {
  readonly isOpen: boolean;
  /** For how long nothing has come from the other side. */
  readonly silentMs: number;
  close(): Promise<void>;
}

interface JumpHost<J extends Jump> {
  readonly connection: Promise<J>;
  readonly handshakes: HandshakeGate;
}

/** The jump hosts of a run: one connection to each, shared by the hosts behind it. */
export class JumpHosts<H extends Hop = Target, J extends Jump = Jump> {
  readonly #open: (hop: H, signal: AbortSignal) => Promise<J>;
  readonly #hosts = new Map<string, JumpHost<J>>();
  /** To be closed at the end, if they are still there. */
  readonly #left = new Set<Promise<J>>();
  readonly #closing = new AbortController();

  constructor(open: (hop: H, signal: AbortSignal) => Promise<J>) {
    this.#open = open;
  }

  /**
   * Does `work`, a handshake, by way of a jump host. Throws what it throws, and `ConnectionError`
   * when the jump host can't be reached.
   */
  async through<T>(hop: H, signal: AbortSignal, work: (jump: J) => Promise<T>): Promise<T> {
    const { connection, handshakes } = await this.#host({ ...hop, keepaliveMs });
    const label = printable(hop.name);
    const jump = await orAborted(connection, signal, label).catch((error) => {
      throw error instanceof ConnectionError && error.reason !== 'aborted'
        ? withPrefix(`jump host ${label}`, error)
        : error;
    });
    return handshakes.run(() => work(jump), signal, label);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const current = [...this.#hosts.values()].map(({ connection }) => connection);
    const all = [...current, ...this.#left].map((connection) =>
      connection.then(
        (jump) => jump.close(),
        () => {},
      ),
    );
    this.#hosts.clear();
    await Promise.all(all);
  }

  /**
   * One that has gone away is opened again. So is one that left a keepalive without an answer, for who
   * comes now; those that use it keep it until it is known to be dead.
   */
  async #host(hop: H): Promise<JumpHost<J>> {
    const id = JSON.stringify(hop);
    const known = this.#hosts.get(id);
    if (known !== undefined && (await isUsable(known))) return known;
    const current = this.#hosts.get(id);
    if (current !== undefined && current !== known) return current;
    const host = {
      connection: this.#open(hop, this.#closing.signal),
      handshakes: known?.handshakes ?? new HandshakeGate(),
    };
    host.connection.catch(() => {});
    if (known !== undefined) this.#left.add(known.connection);
    this.#hosts.set(id, host);
    return host;
  }
}

/** Says why a jump host can't pass a connection on, in terms of the host behind it. */
export function forwardError(
  error: unknown,
  hop: { readonly name: string },
  target: { readonly host: string; readonly port: number },
): unknown {
  if (!(error instanceof ConnectionError) || error.reason !== 'channel') return error;
  const what = error.message.slice(error.message.lastIndexOf(': ') + 2);
  const isForbidden = /prohibited/.test(what);
  return new ConnectionError(
    'network',
    `jump host ${printable(hop.name)} cannot reach ${hostPort(target.host, target.port)}: ${what}`,
    { cause: error, ...(isForbidden ? { hint: 'its sshd may have AllowTcpForwarding no' } : {}) },
  );
}

async function isUsable({ connection }: JumpHost<Jump>): Promise<boolean> {
  return connection.then(
    (jump) => jump.isOpen && jump.silentMs < keepaliveMs + roundTripMs,
    () => false,
  );
}

function withPrefix(prefix: string, error: ConnectionError): ConnectionError {
  return new ConnectionError(error.reason, `${prefix}: ${error.message}`, {
    cause: error,
    ...(error.hint === null ? {} : { hint: error.hint }),
  });
}
