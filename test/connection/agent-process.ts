import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { KeyPair, TempDir } from './sshd.ts';

/** A real ssh-agent with these keys, and the certificates beside their files. */
export async function startAgent(dir: TempDir, keys: readonly KeyPair[]) {
  const socket = dir.file(`agent${Math.random()}`);
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(agent.stdout, 'data');
  const askpass = dir.write('askpass', '#!/bin/sh\necho open sesame\n', 0o700);
  for (const { file } of keys) {
    execFileSync('ssh-add', ['-q', file], {
      stdio: 'ignore',
      env: {
        ...process.env,
        SSH_AUTH_SOCK: socket,
        SSH_ASKPASS: askpass,
        SSH_ASKPASS_REQUIRE: 'force',
      },
    });
  }
  return {
    socket,
    [Symbol.dispose]() {
      agent.kill();
    },
  };
}
