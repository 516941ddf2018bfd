import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { at, runTasks: run } = playbookOnLocalHost();

async function listener() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

describe('wait_for', () => {
  test('a port that is listened on needs one look', async () => {
    const { server, port } = await listener();
    const found = await run(`- wait_for: { port: ${port} }`);
    expect(found).toMatchObject({ lines: ['wait_for ok'], programs: 1 });

    server.close();
    await once(server, 'close');
    expect((await run(`- wait_for: { port: ${port}, state: stopped }`)).lines).toEqual([
      'wait_for ok',
    ]);
    const { lines } = await run(`- wait_for: { port: ${port}, timeout: 0.3, sleep: 0.1 }`);
    expect(lines).toEqual([`wait_for failed: nobody listens on port ${port}`]);
  });

  test('a file is waited for, and what it is to hold', async () => {
    const path = at('log');
    const waiting = run(
      '- wait_for: { path: DIR/log, search: "ready (", timeout: 30, sleep: 0.1 }',
    );
    writeFileSync(path, 'starting\n');
    writeFileSync(path, 'starting\nready (at last)\n');
    expect((await waiting).lines).toEqual(['wait_for ok']);
  });

  test('what a task before it sets in motion is seen', async () => {
    const { lines } = await run(`
- shell: { cmd: "(sleep 0.5; touch DIR/late) >/dev/null 2>&1 &", changes: always }
- wait_for: { path: DIR/late, sleep: 0.1 }
`);
    expect(lines).toEqual(['shell changed', 'wait_for ok']);
  });

  test('a check does not wait', async () => {
    const { lines } = await run('- wait_for: { path: DIR/never }', { check: true });
    expect(lines).toEqual([`wait_for unknown: would wait: there is no ${at('never')}`]);
  });

  test.each([
    ['{}', 'exactly one of "port" and "path"'],
    ['{ port: 80, search: x }', '"search" needs "path"'],
  ])('refuses %s', async (params, message) => {
    await expect(run(`- wait_for: ${params}`)).rejects.toThrow(message);
  });
});
