import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabPlan } from './plan.ts';
import { runCommand } from './process.ts';

/** What this machine lacks for a lab; both empty: nothing. */
export interface MissingRequirements {
  /** Debian packages, for one `apt-get install`. */
  readonly packages: readonly string[];
  /** What no package can mend, one line each. */
  readonly reasons: readonly string[];
}

const SBIN = ['/usr/sbin', '/sbin'];
const TOOLS: readonly (readonly [tool: string, debianPackage: string])[] = [
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['setsid', 'util-linux'],
  ['mount', 'mount'],
  ['hostname', 'hostname'],
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['sysctl', 'procps'],
  ['iptables', 'iptables'],
  ['sshd', 'openssh-server'],
  ['ssh', 'openssh-client'],
  ['perl', 'perl-base'],
];
const MINI_TOOLS: readonly (readonly [tool: string, debianPackage: string])[] = [
  ['busybox', 'busybox-static'],
  ['dropbear', 'dropbear-bin'],
];

/** What is missing here for a lab of `plan` (default: of full hosts). Looks only; installs nothing. */
export async function missingRequirements(
  plan?: Pick<LabPlan, 'hosts'>,
): Promise<MissingRequirements> {
  const hasMini = plan?.hosts.some((host) => host.kind === 'mini') ?? false;
  const packages = new Set<string>();
  for (const [tool, debianPackage] of [...TOOLS, ...(hasMini ? MINI_TOOLS : [])]) {
    if ((await findTool(tool)) === null) packages.add(debianPackage);
  }
  const reasons: string[] = [];
  if (process.platform !== 'linux') reasons.push('namespaces are a thing of Linux');
  else if (packages.size === 0 && !(await canUnshare())) {
    reasons.push(
      'making network namespaces is not permitted here (CAP_SYS_ADMIN and CAP_NET_ADMIN)',
    );
  }
  return { packages: [...packages].sort(), reasons };
}

/** One line for people: what to install, or why no lab can run. Empty when nothing is missing. */
export function describeMissing(missing: MissingRequirements): string {
  const install =
    missing.packages.length === 0 ? [] : [`apt-get install ${missing.packages.join(' ')}`];
  return [...missing.reasons, ...install].join('; ');
}

/** Where a program is, also when the PATH has no sbin; null when it isn't there. */
export async function findTool(name: string): Promise<string | null> {
  const { PATH = '' } = process.env;
  for (const directory of [...PATH.split(':'), ...SBIN]) {
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/** Whether this process may change networks: asked of its capabilities, as uid 0 in a container says nothing. */
export async function hasCapability(bit: number): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> BigInt(bit)) & 1n) === 1n;
}

async function canUnshare(): Promise<boolean> {
  const argv = [
    'unshare',
    '-n',
    '-m',
    '-p',
    '-f',
    '--mount-proc',
    'ip',
    'link',
    'add',
    'br0',
    'type',
    'bridge',
  ] as const;
  return (await runCommand([...argv]).catch(() => ({ code: 1 }))).code === 0;
}
