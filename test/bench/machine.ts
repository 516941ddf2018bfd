import { readFile } from 'node:fs/promises';
import { cpus, version as kernelVersion, loadavg, release, totalmem } from 'node:os';
import { runCommand } from '../../src/lab/process.ts';
import { xpush } from './bench-fleet.ts';

/** Where it was measured, as lines `name: value`. */
export type Machine = readonly (readonly [name: string, value: string])[];

/** What the figures depend on; programs that are not here are left out. */
export async function describeMachine(): Promise<Machine> {
  const [processor] = cpus();
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const programs = await Promise.all([
    versionOf('xpush', [process.execPath, xpush, '--version']),
    versionOf('OpenSSH', ['ssh', '-V']),
    versionOf('Ansible', ['ansible-playbook', '--version']),
    packageOf('Mitogen', 'ansible-mitogen'),
    packageOf('parallel-ssh', 'pssh'),
  ]);
  return [
    ['processor', `${processor?.model.trim() ?? 'unknown'}, ${cpus().length} cores`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['kernel', `${release()} (${kernelVersion()})`],
    ['system', /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? 'unknown'],
    ['node', process.version],
    ...programs.flat(),
  ];
}

/** Processes that wanted to run, over the last minute. */
export function load(): number {
  return loadavg()[0] ?? 0;
}

async function versionOf(
  name: string,
  argv: readonly [string, ...string[]],
): Promise<readonly (readonly [string, string])[]> {
  try {
    const { code, stdout, stderr } = await runCommand(argv);
    const [line = ''] = `${stdout}${stderr}`.trim().split('\n');
    return code === 0 ? [[name, line]] : [];
  } catch {
    return [];
  }
}

async function packageOf(
  name: string,
  debianPackage: string,
): Promise<readonly (readonly [string, string])[]> {
  // `pssh	2.3.4-2`
  const found = await versionOf(name, ['dpkg-query', '-W', debianPackage]);
  return found.map(([, line]) => [name, line.split('\t')[1] ?? line]);
}
