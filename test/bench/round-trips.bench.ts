import { afterAll, bench, describe } from 'vitest';
import type { FlightLevel } from '../../src/connection/first-flight.ts';
import { createSsh2Transport } from '../../src/connection/index.ts';
import type { FirstExec } from '../../src/connection/transport.ts';
import {
  endpointOf,
  makeKey,
  never,
  startDropbear,
  startSshd,
  TempDir,
  type TestServer,
} from '../connection/sshd.ts';
import { type DelayRelay, startDelayRelay } from './delay-relay.ts';

const delayMs = 100;
const first: FirstExec = { command: 'exec /bin/sh -s', input: 'echo done\n' };

/**
 * How much goes ahead: all of it; the login and the channel, as for a host that has refused the rest;
 * and nothing, as ssh2 does by itself.
 */
const levels = ['whole', 'channel', 'stock'] as const;

const dir = new TempDir();
const key = makeKey(dir, 'id');
const servers = new Map<string, Promise<TestServer>>();

function serverOf(name: string): Promise<TestServer> {
  const start = { openssh: startSshd, dropbear: startDropbear }[name] ?? startSshd;
  const server = servers.get(name) ?? start(dir, { authorized: [key] });
  servers.set(name, server);
  return server;
}

/** From the TCP connection to the first word of the answer. */
async function measure(
  server: TestServer,
  flight: FlightLevel,
  relay: DelayRelay,
): Promise<number> {
  const transport = createSsh2Transport({ config: 'none', agentSocket: null, flight });
  const endpoint = endpointOf(relay, {
    identity: key.file,
    hostKey: server.hostKeys[0]?.publicKey ?? '',
  });
  await transport.prepare([endpoint]);
  const startedAt = performance.now();
  const connection = await transport.connect(endpoint, never, first);
  const exec = await connection.exec(first.command);
  if (exec.given === undefined) exec.stdin.write(first.input);
  await new Promise((resolve) => exec.stdout.once('data', resolve));
  const ms = performance.now() - startedAt;
  exec.stdin.end();
  await connection.close();
  return ms;
}

const results: { readonly name: string; readonly level: FlightLevel; readonly trips: number }[] =
  [];

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

/**
 * `npx vitest bench --run test/bench/round-trips.bench.ts`. The time of the same over a relay without a
 * delay is taken off, and what is left is counted in round trips.
 */
describe.each(['openssh', 'dropbear'])('from TCP connect to the first answer of %s', (name) => {
  for (const level of levels) {
    const bare: number[] = [];
    const delayed: number[] = [];
    bench(
      level,
      async () => {
        const server = await serverOf(name);
        await using near = await startDelayRelay(server.port, 0);
        await using far = await startDelayRelay(server.port, delayMs);
        bare.push(await measure(server, level, near));
        delayed.push(await measure(server, level, far));
      },
      {
        ...{ iterations: 7, time: 0, warmupIterations: 1, warmupTime: 0 },
        teardown: (_task, mode) => {
          if (mode === 'warmup') {
            bare.length = 0;
            delayed.length = 0;
            return;
          }
          const trips = (median(delayed) - median(bare)) / (2 * delayMs);
          results.push({ name, level, trips });
        },
      },
    );
  }
});

afterAll(async () => {
  for (const { name, level, trips } of results) {
    process.stdout.write(`${name.padEnd(9)} ${level.padEnd(8)} ${trips.toFixed(2)} round trips\n`);
  }
  for (const server of servers.values()) await (await server)[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});
