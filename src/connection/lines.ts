import type { Duplex } from 'node:stream';
import { forwardError, JumpHosts } from './jump-hosts.ts';
import { placeOf } from './openssh-settings.ts';
import { ProxyLine } from './proxy-command.ts';
import type { Ssh2Connection } from './ssh2-connection.ts';
import type { Target } from './target.ts';
import { dial } from './tcp.ts';
import { hostPort, printable } from './text.ts';

/** The lines to the hosts of a run: over TCP, by a command, or through jump hosts that they share. */
export class Lines {
  readonly #jumpHosts: JumpHosts<Target, Ssh2Connection>;

  /** @param openHop logs in to a jump host */
  constructor(openHop: (hop: Target, signal: AbortSignal) => Promise<Ssh2Connection>) {
    this.#jumpHosts = new JumpHosts(openHop);
  }

  /**
   * Opens the line to a host, and does `work` on it: nothing is awaited between an open socket and its
   * handshake, since nobody would hear its errors. Throws what `work` throws, and `ConnectionError`.
   */
  async on<T>(
    target: Target,
    signal: AbortSignal,
    work: (socket: Duplex) => Promise<T>,
  ): Promise<T> {
    const { via, host, port, connectTimeoutMs, proxyCommand } = target;
    if (proxyCommand !== null) {
      const line = new ProxyLine(proxyCommand, placeOf(target, 'ProxyCommand'));
      return work(line).catch(async (error) => {
        throw await line.explain(error);
      });
    }
    if (via === null) return work(await dial(target, connectTimeoutMs, signal));
    return this.#jumpHosts.through(via, signal, async (jump) => {
      const socket = await jump.forward(host, port, connectTimeoutMs).catch((error) => {
        throw forwardError(error, via, target);
      });
      return work(socket);
    });
  }

  async close(): Promise<void> {
    await this.#jumpHosts.close();
  }
}

/** `address:port`, and how it is reached, for messages. */
export function labelOf({ host, port, via, proxyCommand }: Target): string {
  const label = hostPort(host, port);
  if (proxyCommand !== null) return `${label} (through its ProxyCommand)`;
  return via === null ? label : `${label} (through ${printable(via.name)})`;
}
