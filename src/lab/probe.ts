import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runtimeDirectory } from './hub.ts';
import { LabError } from './lab-error.ts';
import { type Argv, mustRun, spawnCommand, unrefChild } from './process.ts';

/** One TCP connection to try. */
export interface ProbeRequest {
  /** Source address. Default: the kernel's choice. */
  readonly from?: string;
  /** Source port; also below 1024, and again and again. Default: the kernel's choice. */
  readonly fromPort?: number;
  readonly to: string;
  readonly port: number;
  /** Default: 700; without root 2500, as ARP may be late there. */
  readonly timeoutMs?: number;
}

/** What came of a probe. */
export interface ProbeResult {
  readonly request: ProbeRequest;
  /**
   * `open`: connected and answered, by a `listen` server at exactly that address and port, or by another server.
   * `misdirected`: a `listen` server at another address or port answered. `reset`: connected or not, it was broken off.
   */
  readonly status: 'open' | 'refused' | 'timeout' | 'unreachable' | 'reset' | 'misdirected';
  /** The first line that was answered, or the error. */
  readonly text: string;
  readonly ms: number;
}

/** Servers that answer until they are closed, or their host or this process ends. */
export interface Listener extends AsyncDisposable {
  close(): Promise<void>;
}

const STATUSES = ['open', 'refused', 'timeout', 'unreachable', 'reset'] as const;

/** Tries all connections at once from the network that `enter` leads into. Results are in the requests' order. */
export async function probe(
  enter: (argv: Argv) => Argv,
  requests: readonly ProbeRequest[],
  defaultTimeoutMs: number,
): Promise<readonly ProbeResult[]> {
  const lines = requests.map(({ from, fromPort, to, port, timeoutMs }, id) =>
    [id, from ?? '-', fromPort ?? '-', to, port, timeoutMs ?? defaultTimeoutMs].join(' '),
  );
  const output = await mustRun(enter(['perl', join(runtimeDirectory, 'probe.pl')]), {
    input: `${lines.join('\n')}\n`,
  });
  const answers = new Map(output.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line]));
  return requests.map((request, id) => readAnswer(request, answers.get(String(id)) ?? ''));
}

/** Starts servers that answer with the address they were reached at; resolves when all of them listen. */
export async function listen(
  enter: (argv: Argv) => Argv,
  endpoints: readonly { readonly address: string; readonly port: number }[],
): Promise<Listener> {
  const args = endpoints.flatMap(({ address, port }) => [address, String(port)]);
  const child = spawnCommand(enter(['perl', join(runtimeDirectory, 'listen.pl'), ...args]), {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  child.on('error', (error) => {
    complaints += error.message;
  });
  let isReady = false;
  if (child.stdout !== null) {
    for await (const line of createInterface({ input: child.stdout })) {
      isReady = line === 'ready';
      if (isReady) break;
    }
  }
  if (!isReady) throw new LabError(`no server could be started: ${complaints.trim()}`);
  unrefChild(child);
  const close = async (): Promise<void> => {
    child.ref();
    child.stdin?.destroy();
    await ended;
  };
  return { close, [Symbol.asyncDispose]: close };
}

function readAnswer(request: ProbeRequest, line: string): ProbeResult {
  const [, word = '', ms = '', text = ''] = /^\d+ (\S+) (\d+) (.*)$/.exec(line) ?? [];
  const status = STATUSES.find((known) => known === word);
  if (status === undefined) {
    throw new LabError(`probe to ${request.to} port ${request.port}: ${text || 'no result'}`);
  }
  const isElsewhere = text.startsWith('lab ') && text !== `lab ${request.to} ${request.port}`;
  return {
    request,
    status: status === 'open' && isElsewhere ? 'misdirected' : status,
    text,
    ms: Number(ms),
  };
}
