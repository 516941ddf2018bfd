import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { type CliRun, documentOf, Fleet, statuses } from './fleet.ts';

const describe = await labDescribe();

/** Each speaks nothing else; the first of them is WebAssembly's, which is set up when it is loaded. */
const ciphers = {
  h1: 'chacha20-poly1305@openssh.com',
  h2: 'aes128-gcm@openssh.com',
  h3: 'aes256-ctr',
  h4: 'aes256-cbc',
};
const names = Object.keys(ciphers);

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:4]": { address: "192.168.0.[101:104]", ssh: { legacy_algorithms: true } }
`;

/** Enough for the line to be full of packets, and for keys to be exchanged anew. */
const image = randomBytes(3_000_000);

const root = join(import.meta.dirname, '..', '..');

describe('the program without ssh2’s native ciphers', () => {
  let fleet: Fleet;
  let place: string;
  let playbook: string;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'xpush-bare-'));
    for (const part of ['bin', 'dist/bundle', 'package.json', 'playbooks']) {
      cpSync(join(root, part), join(place, part), { recursive: true });
    }
    fleet = await Fleet.start(inventoryText, {
      transport: 'ssh2',
      adapt: (plan) => ({
        ...plan,
        hosts: plan.hosts.map((host) => ({
          ...host,
          files: {
            ...host.files,
            '/etc/ssh/sshd_config.d/one.conf': `Ciphers ${Object.entries(ciphers).find(([name]) => name === host.name)?.[1]}\nRekeyLimit 1M\nMACs hmac-sha2-256\n`,
          },
        })),
      }),
    });
    const source = join(fleet.lab.directory, 'image');
    await writeFile(source, image);
    playbook = await fleet.write(
      'site.yaml',
      `- hosts: all
  tasks:
    - copy: { src: ${source}, dest: /etc/image, mode: "0640" }
    - sysctl: { name: net.ipv4.conf.eth0.log_martians, value: 1 }
    - command: { shell: "seq 20000; touch /etc/done", creates: /etc/done }
`,
    );
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  const bare = async (...args: readonly string[]): Promise<CliRun> => {
    const { argv, env } = fleet.command(...args);
    const [node] = argv;
    return await fleet.lab.run([node, join(place, 'bin/xpush'), ...args], {
      env,
      timeoutMs: 50_000,
    });
  };

  test('says so', async () => {
    const { stdout } = await bare('--version', '-v');

    expect(stdout).toContain(', no native ciphers (not built here): slower\n');
  });

  test('applies, and finds in order what it has applied, whatever cipher a host wants', async () => {
    const apply = ['apply', fleet.file, playbook, '-o', 'json'] as const;

    const first = await bare(...apply);
    const made = await fleet.snapshots();
    const second = await bare(...apply);
    const doctor = await bare('doctor', fleet.file, '-o', 'json');

    expect(first.code, first.stderr + first.stdout).toBe(0);
    expect(statuses(documentOf(first))).toEqual(
      Object.fromEntries(names.map((name) => [name, 'changed'])),
    );
    const sum = createHash('sha256').update(image).digest('hex');
    for (const name of names) expect(made[name]?.files).toContain(`${sum}  /etc/image\n`);
    expect(second.code, second.stderr).toBe(0);
    expect(statuses(documentOf(second))).toEqual(
      Object.fromEntries(names.map((name) => [name, 'ok'])),
    );
    expect(await fleet.snapshots()).toEqual(made);
    for (const cipher of Object.values(ciphers)) expect(doctor.stdout).toContain(cipher);
  });
});
