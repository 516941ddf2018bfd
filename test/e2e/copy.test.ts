import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn } from './fleet.ts';

const describe = await labDescribe({
  hosts: (['full', 'mini'] as const).map((kind) => ({ name: kind, kind, nics: [] })),
});

const text = `
hosts:
  big: { address: 192.168.0.50 }
  small: { address: 192.168.0.51 }
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
`;

const bigBytes = 3_000_000;

describe('copy', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(text, { kinds: { small: 'mini' } });
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  test('a large file is sent once', async () => {
    const bytes = randomBytes(bigBytes);
    await writeFile(join(fleet.lab.directory, 'large.bin'), bytes);
    const playbook = await fleet.write(
      'large.yaml',
      '- hosts: all\n  tasks:\n    - copy: { src: large.bin, dest: /root/large.bin, mode: "0600" }\n',
    );

    const first = await fleet.mustApply(playbook);
    expect(hostIn(first.document, 'big').status).toBe('changed');
    expect((await fleet.lab.host('big').readFile('/root/large.bin')).equals(bytes)).toBe(true);
    const second = await fleet.mustApply(playbook);
    expect(hostIn(second.document, 'big').status).toBe('ok');
  });
});
