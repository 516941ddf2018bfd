import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, bench, describe } from 'vitest';
import { createSsh2Transport } from '../../src/connection/index.ts';
import {
  endpointOf,
  makeKey,
  never,
  startSshd,
  TempDir,
  type TestServer,
} from '../connection/sshd.ts';

/** XPUSH_BENCH_HOSTS: of either kind. */
const { XPUSH_BENCH_HOSTS: hosts = '100' } = process.env;
const count = Number(hosts);

const dir = new TempDir();
const key = makeKey(dir, 'id');
const servers = new Map<Kind, Promise<TestServer>>();

const kinds = {
  modern: [],
  'more modern ones': [],
  '3072 bits': ['KexAlgorithms diffie-hellman-group-exchange-sha256'],
  '4096 bits': ['KexAlgorithms diffie-hellman-group-exchange-sha256', 'Ciphers aes256-ctr'],
  'SHA-1': ['KexAlgorithms diffie-hellman-group-exchange-sha1', 'Ciphers aes128-cbc'],
} as const;

type Kind = keyof typeof kinds;

function serverOf(kind: Kind): Promise<TestServer> {
  const server =
    servers.get(kind) ??
    startSshd(dir, {
      name: kind.replaceAll(' ', '-'),
      authorized: [key],
      config: ['MaxStartups 1000', ...kinds[kind]],
      // what the others' servers take of this machine is not to be what the modern ones wait for
      within: kind === 'modern' ? [] : ['nice', '-n', '19'],
    });
  servers.set(kind, server);
  return server;
}

interface Figures {
  readonly modernMs: number;
  readonly allMs: number;
  readonly cpuMs: number;
  readonly gapMs: number;
}

/** Connects to `count` modern hosts and, begun before them, as many of another kind. */
async function measure(beside: Kind | null): Promise<Figures> {
  const transport = createSsh2Transport({ config: 'none', agentSocket: null });
  const connectAll = async (kind: Kind) => {
    const server = await serverOf(kind);
    const hostKey = server.hostKeys[0]?.publicKey ?? '';
    const rest = { identity: key.file, hostKey, legacyAlgorithms: kind === 'SHA-1' };
    const endpoint = endpointOf(server, { ...rest, connectTimeoutMs: 120_000 });
    return await Promise.all(
      Array.from({ length: count }, (_, index) =>
        transport.connect({ ...endpoint, name: `${kind} ${index}` }, never),
      ),
    );
  };
  await Promise.all([serverOf('modern'), beside === null ? null : serverOf(beside)]);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const others = beside === null ? [] : connectAll(beside);
  const modern = await connectAll('modern');
  const modernMs = performance.now() - startedAt;
  const connections = [...(await others), ...modern];
  const allMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  await Promise.all(connections.map((connection) => connection.close()));
  await transport.close();
  return { modernMs, allMs, cpuMs: (user + system) / 1_000, gapMs: delay.max / 1e6 };
}

const lines: string[] = [];

/**
 * `npx vitest bench --run test/bench/group-exchange.bench.ts`: when the last of the modern hosts is in,
 * and what it takes of this process. The servers are real ones and share the machine.
 */
describe(`${count} modern hosts`, () => {
  for (const beside of [null, 'more modern ones', '3072 bits', '4096 bits', 'SHA-1'] as const) {
    const name = beside === null ? 'alone' : `beside ${count}: ${beside}`;
    const rounds: Figures[] = [];
    bench(name, async () => void rounds.push(await measure(beside)), {
      ...{ iterations: 3, time: 0, warmupIterations: 1, warmupTime: 0 },
      teardown: (_task, mode) => {
        if (mode === 'warmup') rounds.length = 0;
        else lines.push(name.padEnd(30) + lineOf(rounds));
      },
    });
  }
});

function lineOf(rounds: readonly Figures[]): string {
  const median = (figure: keyof Figures) =>
    rounds
      .map((round) => round[figure])
      .toSorted((one, other) => one - other)
      [Math.floor(rounds.length / 2)]?.toFixed(0)
      .padStart(6);
  return `modern in after ${median('modernMs')} ms, all after ${median('allMs')} ms; ${median('cpuMs')} ms of CPU here, largest gap ${median('gapMs')} ms`;
}

afterAll(async () => {
  for (const line of lines) process.stdout.write(`${line}\n`);
  for (const server of servers.values()) await (await server)[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});
