import { findTool } from './find-tool.ts';
import { findPackage } from './packages.ts';
import type { LabPlan } from './plan.ts';
import { detectPrivilege } from './privilege.ts';

/** What this machine lacks for a lab; both empty: nothing. */
export interface MissingRequirements {
  /** Debian packages, for one `apt-get install`. */
  readonly packages: readonly string[];
  /** What no package can mend, one line each. */
  readonly reasons: readonly string[];
}

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
const SYSTEMD_TOOLS: readonly (readonly [tool: string, debianPackage: string])[] = [
  ['systemctl', 'systemd'],
];

/** What is missing here for a lab of `plan` (default: of full hosts). Installs nothing; downloads what `packages` of hosts name. */
export async function missingRequirements(
  plan?: Pick<LabPlan, 'hosts'>,
): Promise<MissingRequirements> {
  const kinds = new Set(plan?.hosts.map(({ kind }) => kind));
  const tools = [
    ...TOOLS,
    ...(kinds.has('mini') ? MINI_TOOLS : []),
    ...(kinds.has('systemd') ? SYSTEMD_TOOLS : []),
  ];
  const packages = new Set<string>();
  for (const [tool, debianPackage] of tools) {
    if ((await findTool(tool)) === null) packages.add(debianPackage);
  }
  const reasons: string[] = [];
  if (process.platform !== 'linux') reasons.push('namespaces are a thing of Linux');
  else if (packages.size === 0) {
    const privilege = await detectPrivilege();
    if (privilege === null) {
      reasons.push(
        'namespaces are not permitted here: it takes CAP_SYS_ADMIN and CAP_NET_ADMIN, or user namespaces for everybody',
      );
    } else if (privilege.kind !== 'root' && kinds.has('systemd')) {
      reasons.push('a host with systemd takes root: its control groups are made by nobody else');
    }
  }
  const extra = new Set(plan?.hosts.flatMap((host) => host.packages ?? []));
  for (const name of extra) {
    if ((await findPackage(name)) === null) reasons.push(`the package ${name} can't be downloaded`);
  }
  return { packages: [...packages].sort(), reasons };
}

/** One line for people: what to install, or why no lab can run. Empty when nothing is missing. */
export function describeMissing(missing: MissingRequirements): string {
  const install =
    missing.packages.length === 0 ? [] : [`apt-get install ${missing.packages.join(' ')}`];
  return [...missing.reasons, ...install].join('; ');
}
