import { readFile } from 'node:fs/promises';
import { type Argv, runCommand } from './process.ts';

/**
 * By what right a lab makes namespaces. `root`: by this process's capabilities. `userns`: in a user namespace of its own,
 * where one user exists.
 */
export type Privilege =
  | { readonly kind: 'root' }
  | { readonly kind: 'userns'; readonly uid: number; readonly gid: number };

// Numbers of capabilities(7).
const CAP_NET_ADMIN = 12;
const CAP_SYS_ADMIN = 21;

/** The best right that this process has; null: it can't make namespaces. Asked of capabilities: uid 0 in a container says nothing. */
export async function detectPrivilege(): Promise<Privilege | null> {
  if (
    process.platform !== 'linux' ||
    process.getuid === undefined ||
    process.getgid === undefined
  ) {
    return null;
  }
  const isCapable = hasCapabilities(await readFile('/proc/self/status', 'utf8'));
  if (isCapable && (await canUnshare([]))) return { kind: 'root' };
  if (!(await canUnshare(['-U', '-r']))) return null;
  return { kind: 'userns', uid: process.getuid(), gid: process.getgid() };
}

/** What can't be shown by this right, one line each. */
export function describeLimits(privilege: Privilege): readonly string[] {
  if (privilege.kind === 'root') return [];
  return [
    `without root there is one user: root and ops are both uid ${privilege.uid}, so owners, chown and sudo can't be shown`,
    'without root proxy_delay can not be set: answers by proxy ARP may be late by up to 0.8 s',
  ];
}

function hasCapabilities(status: string): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return [CAP_NET_ADMIN, CAP_SYS_ADMIN].every((bit) => ((effective >> BigInt(bit)) & 1n) === 1n);
}

async function canUnshare(options: readonly string[]): Promise<boolean> {
  const bridge = ['ip', 'link', 'add', 'br0', 'type', 'bridge'];
  const argv: Argv = ['unshare', ...options, '-n', '-m', '-p', '-f', '--mount-proc', ...bridge];
  return await runCommand(argv).then(
    ({ code }) => code === 0,
    () => false,
  );
}
