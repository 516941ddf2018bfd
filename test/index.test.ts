import { expect, test } from 'vitest';
import {
  ConfigError,
  createSsh2Transport,
  endpointOf,
  loadInventory,
  loadPlaybooks,
  planHosts,
  type RunEvent,
  run,
} from '../src/index.ts';
import { identity } from './engine/identity.ts';

test('a program can run playbooks and watch the events', async () => {
  const inventory = await loadInventory({
    argument: '-',
    stdin: 'hosts: { nobody: { address: 127.0.0.1, ssh: { port: 1, user: root } } }',
  });
  const plays = loadPlaybooks(['playbooks/vif-route.yaml']).flatMap((book) => book.plays);
  const everywhere = plays.map((play) => ({ ...play, hosts: ['nobody'], tasks: [] }));
  const events: RunEvent[] = [];
  const transport = createSsh2Transport({ config: 'none' });
  const never = new AbortController().signal;

  const exit = await run({
    version: '0',
    identity,
    inventory,
    plays: planHosts(everywhere, inventory, null).plays,
    transport,
    endpointOf: (host) => endpointOf(host, inventory, {}),
    check: true,
    forks: 1,
    pendingAsExit: false,
    emit: (event) => events.push(event),
    stopping: never,
    leaving: never,
  });
  await transport.close();

  expect(exit).toBe(0);
  expect(events.map(({ event }) => event)).toEqual(['run_start', 'phase', 'phase', 'run_end']);
});

test('what is wrong with files comes as one error with all diagnostics', async () => {
  const loading = loadInventory({ argument: '-', stdin: 'hosts: { "a b": {}, "c d": {} }' });

  await expect(loading).rejects.toBeInstanceOf(ConfigError);
  await expect(loading).rejects.toHaveProperty('diagnostics.length', 2);
});
