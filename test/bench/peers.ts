import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../src/lab/process.ts';

/** What is compared with: a program and the Debian package that has it. */
const wanted = [
  ['parallel-ssh', 'pssh'],
  ['ansible-playbook', 'ansible-core'],
  ['strace', 'strace'],
] as const;
const mitogenPlugins = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy';

/** Who is there; a string says why somebody is not. */
export interface Peers {
  readonly pssh: true | string;
  readonly ansible: true | string;
  readonly strace: true | string;
  /** The directory of its strategies. */
  readonly mitogen: { readonly plugins: string } | string;
}

/** Finds the peers, and installs from Debian what is missing where this user may. */
export async function findPeers(say: (line: string) => void): Promise<Peers> {
  const missing: string[] = [];
  for (const [program, name] of wanted) if (!(await isThere(program))) missing.push(name);
  if (!(await canRead(mitogenPlugins))) missing.push('ansible-mitogen');
  const why = missing.length === 0 ? '' : await install(missing, say);
  const [pssh, ansible, strace] = await Promise.all(
    wanted.map(async ([program, name]) => (await isThere(program)) || `no ${name} here: ${why}`),
  );
  return {
    pssh: pssh ?? why,
    ansible: ansible ?? why,
    strace: strace ?? why,
    mitogen: (await canRead(mitogenPlugins))
      ? { plugins: mitogenPlugins }
      : `no ansible-mitogen here: ${why}`,
  };
}

/** Why it could not be done; empty when it could. */
async function install(names: readonly string[], say: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0) return `apt-get install ${names.join(' ')} takes root`;
  say(`Installing ${names.join(' ')} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, timeoutMs: 300_000 };
  try {
    await runCommand(['apt-get', 'update', '-q'], options);
    // each by itself: one that Debian has not does not keep the others away
    for (const name of names) {
      await runCommand(
        ['apt-get', 'install', '-y', '-q', '--no-install-recommends', name],
        options,
      );
    }
    return 'apt-get could not install it';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function isThere(program: string): Promise<boolean> {
  const { PATH = '' } = process.env;
  const found = await Promise.all(
    PATH.split(':').map((directory) => canRead(join(directory, program), constants.X_OK)),
  );
  return found.includes(true);
}

async function canRead(path: string, mode: number = constants.R_OK): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  );
}
