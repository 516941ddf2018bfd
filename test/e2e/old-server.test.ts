import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet } from './fleet.ts';

const describe = await labDescribe();

const inventory = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:5]": { address: "192.168.0.[101:105]", ssh: { legacy_algorithms: true, transport: ssh2 } }
`;
const playbook = `
- name: Nothing
  hosts: all
  tasks:
    - command: { changes: always, shell: "true" }
`;

describe('servers that only speak what is old', () => {
  test('are told of, host by host and then in the recap', async () => {
    await using fleet = await Fleet.start(inventory, {
      adapt: (plan) => ({
        ...plan,
        hosts: plan.hosts.map((host) => ({
          ...host,
          files: {
            ...host.files,
            ...(host.name === 'h5'
              ? {}
              : {
                  '/etc/ssh/sshd_config.d/old.conf':
                    'KexAlgorithms diffie-hellman-group-exchange-sha1\nMACs hmac-sha1\nCiphers aes128-ctr\n',
                }),
          },
        })),
      }),
    });
    const file = await fleet.write('nothing.yaml', playbook);

    const run = await fleet.xpush('apply', fleet.file, file, '-o', 'ndjson');
    const shown = await fleet.xpush('apply', fleet.file, file, '-o', 'plain');

    const events = run.stdout.split('\n').filter((line) => line.includes('weak algorithms'));
    expect(run.code, run.stderr).toBe(0);
    expect(events.map((line) => JSON.parse(line).host).toSorted()).toEqual([
      'h1',
      'h2',
      'h3',
      'h4',
    ]);
    expect(JSON.parse(events[0] ?? '')).toMatchObject({
      level: 'warning',
      text: 'reached by weak algorithms: a key exchange by SHA-1 (diffie-hellman-group-exchange-sha1); message codes by hmac-sha1',
    });
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain('4 hosts: reached by weak algorithms');
  });
});
