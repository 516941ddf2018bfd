import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Lab } from '../../../src/lab/lab.ts';

/** What befalls a connection. Bytes are counted in both directions together. */
export interface LinkFault {
  readonly afterBytes?: number;
  /** Since the connection was made. */
  readonly afterMs?: number;
  /** `close`: both sides see its end; `reset`: an error; `silence`: it stays open, and nothing passes any more. */
  readonly how?: 'close' | 'reset' | 'silence';
  /** Passes so many bytes a second, each way. */
  readonly bytesPerSecond?: number;
  /** Each piece is so late. */
  readonly delayMs?: number;
}

/** What a connection has carried. */
export interface Carried {
  readonly toHost: number;
  readonly toController: number;
}

/** A way to a host that breaks as it is told: TCP on the controller, in the network of the lab. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #carried: Carried[] = [];

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** The n-th connection has the n-th fault, null: none; further ones have `others`. */
  static async start(
    lab: Lab,
    target: { readonly address: string; readonly port?: number },
    faults: readonly (LinkFault | null)[],
    others: LinkFault | null = null,
  ): Promise<TcpProxy> {
    const order = { address: target.address, port: target.port ?? 22, faults, others };
    const source = `(${serve})(${JSON.stringify(order)})`;
    const child = lab.spawn([process.execPath, '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new Error('no pipe');
    const lines = createInterface({ input: child.stdout });
    const port = await new Promise<number>((resolve, reject) => {
      lines.once('line', (line) => resolve(Number(line)));
      child.once('close', () => reject(new Error('the proxy did not start')));
    });
    const proxy = new TcpProxy(child, port);
    lines.on('line', (line) => proxy.#carried.push(JSON.parse(line)));
    return proxy;
  }

  /** Of the connections that have ended, in the order of their ends. */
  get carried(): readonly Carried[] {
    return this.#carried;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await closed;
  }
}

interface Order {
  readonly address: string;
  readonly port: number;
  readonly faults: readonly (LinkFault | null)[];
  readonly others: LinkFault | null;
}

/** Runs in plain node, by its source. */
function serve(order: Order): void {
  const net = process.getBuiltinModule('node:net');
  let count = 0;
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const fault = (count < order.faults.length ? order.faults[count] : order.others) ?? {};
    count += 1;
    const far = net.connect({ host: order.address, port: order.port, allowHalfOpen: true });
    const carried = { toHost: 0, toController: 0 };
    let isOver = false;
    let isSilent = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      process.stdout.write(`${JSON.stringify(carried)}\n`);
    };
    const strike = (): void => {
      if (isOver || isSilent) return;
      if (fault.how === 'silence') {
        isSilent = true;
        near.pause();
        far.pause();
        return;
      }
      end();
      for (const socket of [near, far]) {
        if (fault.how === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }
    };
    const pass = (from: typeof near, to: typeof near, way: 'toHost' | 'toController'): void => {
      from.on('data', (bytes: Buffer) => {
        if (isOver || isSilent) return;
        const left =
          (fault.afterBytes ?? Number.POSITIVE_INFINITY) - carried.toHost - carried.toController;
        const passed = bytes.subarray(0, Math.max(0, Math.min(bytes.length, left)));
        carried[way] += passed.length;
        const waitMs =
          (fault.delayMs ?? 0) +
          (fault.bytesPerSecond === undefined ? 0 : (1000 * bytes.length) / fault.bytesPerSecond);
        const deliver = (): void => {
          if (isSilent) return;
          if (!to.destroyed) to.write(passed);
          if (passed.length < bytes.length) to.write('', strike);
          else from.resume();
        };
        if (waitMs === 0) return deliver();
        from.pause();
        setTimeout(deliver, waitMs);
      });
      from.on('end', () => {
        if (!isSilent) to.end();
      });
      from.on('error', () => {
        if (!isSilent) to.destroy();
      });
      from.on('close', () => {
        if (near.destroyed && far.destroyed) end();
      });
    };
    pass(near, far, 'toHost');
    pass(far, near, 'toController');
    if (fault.afterMs !== undefined) setTimeout(strike, fault.afterMs);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') {
      process.stdout.write(`${address.port}\n`);
    }
  });
}
