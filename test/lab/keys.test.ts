import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSshKeyPair } from '../../src/lab/keys.ts';
import { runCommand } from '../../src/lab/process.ts';
import { labDescribe } from '../lab-tier.ts';

const describe = await labDescribe({ hosts: [{ name: 'h1', kind: 'mini', nics: [] }] });

describe('createSshKeyPair', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'xpush-keys-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  test('OpenSSH reads the private key and finds the same public key, whatever the padding', async () => {
    for (let length = 0; length < 9; length += 1) {
      const comment = 'c'.repeat(length);
      const pair = createSshKeyPair(comment);
      const file = join(directory, `openssh-${length}`);
      await writeFile(file, pair.openssh, { mode: 0o600 });

      const { stdout } = await runCommand(['ssh-keygen', '-y', '-f', file]);

      expect(stdout.trim()).toBe(`${pair.publicLine} ${comment}`.trim());
    }
  });

  test('Dropbear reads its form of the key and finds the same public key', async () => {
    const pair = createSshKeyPair('x');
    const file = join(directory, 'dropbear');
    await writeFile(file, pair.dropbear, { mode: 0o600 });

    const { stdout } = await runCommand(['dropbearkey', '-y', '-f', file]);

    expect(stdout).toContain(pair.publicLine);
  });
});
