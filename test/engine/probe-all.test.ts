import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { probeAll } from '../../src/engine/probe-all.ts';

const local = (port: number) => ({ address: '127.0.0.1', port, localPort: null });

async function listening(): Promise<{ port: number; close: () => void; most: () => number }> {
  let now = 0;
  let most = 0;
  const server = createServer((socket) => {
    now += 1;
    most = Math.max(most, now);
    socket
      .on('error', () => {})
      .on('close', () => {
        now -= 1;
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => server.close(), most: () => most };
}

describe('probeAll', () => {
  test('gives the outcomes in the order of the probes, whichever is done first', async () => {
    const open = await listening();
    const closed = await listening();
    closed.close();
    const probes = Array.from({ length: 60 }, (_, index) =>
      local(index % 3 === 0 ? closed.port : open.port),
    );
    let told = 0;
    const onProbe = () => {
      told += 1;
    };
    const signal = new AbortController().signal;

    const outcomes = await probeAll(probes, () => true, {
      ...{ most: 7, timeoutsMs: [2_000, 2_000], signal, onProbe },
    });
    open.close();

    expect(outcomes).toEqual(probes.map(({ port }) => (port === open.port ? 'open' : 'refused')));
    expect(told).toBe(60);
    expect(open.most()).toBeLessThanOrEqual(7);
  });

  test('sends nothing more once it is stopped', async () => {
    const outcomes = await probeAll([local(9), local(9)], () => true, {
      ...{ most: 2, timeoutsMs: [2_000, 2_000], onProbe: () => {} },
      signal: AbortSignal.abort(),
    });

    expect(outcomes).toEqual([null, null]);
  });
});
