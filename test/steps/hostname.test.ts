import { describe, expect, test } from 'vitest';
import { hostname } from '../../src/steps/hostname.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints } from './edited.ts';
import { bind, fileOf, planTwice } from './observed.ts';

describe('hostname', () => {
  test('writes the file and the name of the running system, each only where it differs', () => {
    const bound = bind(hostname, 'plain', { name: 'web1' });
    const plan = (file: string, live: string) =>
      planTwice(bound, { 'file:/etc/hostname': fileOf(file), 'parameter:kernel.hostname': live });

    expect(plan('old\n', 'old')).toMatchObject({
      first: {
        changes: [
          { kind: 'write', path: '/etc/hostname', content: 'web1\n' },
          { kind: 'parameter', name: 'kernel.hostname', value: 'web1', before: 'old' },
        ],
      },
      second: { changes: [] },
    });
    expect(plan('# mine\nweb1', 'web1').first).toMatchObject({ changes: [] });
    expect(plan('web1\n', 'old').first).toMatchObject({ changes: [{ kind: 'parameter' }] });
  });

  test.each(['-a', 'a_b', 'a..b', 'a b', `${'a'.repeat(64)}b`])('%s is no name', (name) => {
    expect(complaints(hostname, { name })).not.toEqual([]);
  });
});

describe.runIf(hasPrivateHosts)('hostname on a host', () => {
  const host = playbookOnPrivateHost();

  test('has its name, and keeps it', async () => {
    const lines = await host.runThrice(`
  - hostname: web1.lan
`);
    expect(lines).toEqual(['hostname changed']);
    expect(host.sh('uname -n; cat /etc/hostname')).toBe('web1.lan\nweb1.lan\n');
  });
});
