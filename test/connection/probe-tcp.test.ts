import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { probeTcp } from '../../src/connection/probe-tcp.ts';

const never = new AbortController().signal;

async function listening(): Promise<{ port: number; close: () => void }> {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => server.close() };
}

describe('probeTcp', () => {
  test('finds an open port, and a closed one once nobody listens any more', async () => {
    const { port, close } = await listening();
    const probe = { address: '127.0.0.1', port, localPort: null };

    expect(await probeTcp(probe, 2_000, never)).toBe('open');
    close();
    expect(await probeTcp(probe, 2_000, never)).toBe('refused');
  });

  test('comes from the port that is asked for, again and again', async () => {
    const { port, close } = await listening();
    const free = await listening();
    free.close();
    const probe = { address: '127.0.0.1', port, localPort: free.port };

    expect(await probeTcp(probe, 2_000, never)).toBe('open');
    expect(await probeTcp(probe, 2_000, never)).toBe('open');
    close();
  });

  test('an address that nobody routes is unreachable', async () => {
    const probe = { address: '255.255.255.255', port: 9, localPort: null };

    expect(await probeTcp(probe, 2_000, never)).toBe('unreachable');
  });

  test('a source port that is taken is told from a network that says no', async () => {
    const { port, close } = await listening();
    const probe = { address: '127.0.0.1', port, localPort: port };

    expect(await probeTcp(probe, 2_000, never)).toBe('not_sent');
    close();
  });

  test('ends at once when it is stopped', async () => {
    const probe = { address: '127.0.0.1', port: 9, localPort: null };

    expect(await probeTcp(probe, 60_000, AbortSignal.abort())).toBe('timeout');
  });
});
