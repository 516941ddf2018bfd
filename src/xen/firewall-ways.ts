import type { FileState, FirewallFacts, NetworkFacts } from '../host/query.ts';

/** A file that makes the rules last. */
export interface BootFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

type WayName = 'netfilter-persistent' | 'ifupdown' | 'systemd' | 'openrc';

const scripts: Readonly<Record<WayName, string>> = {
  // run-parts(8), after the plugins that load whole tables; `restart` and `reload` run it too
  'netfilter-persistent': '/usr/share/netfilter-persistent/plugins.d/60-xpush',
  // interfaces(5): before an interface is configured
  ifupdown: '/etc/network/if-pre-up.d/xpush-firewall',
  systemd: '/etc/xpush-firewall',
  openrc: '/etc/local.d/xpush-firewall.start',
};

const unitPath = '/etc/systemd/system/xpush-firewall.service';
const dropInPath = '/etc/systemd/system/multi-user.target.d/xpush-firewall.conf';

/** Files of ours that may be there, whatever way they were of. */
export const bootPaths: readonly string[] = [...Object.values(scripts), unitPath, dropInPath];

const plugins = '/usr/share/netfilter-persistent/plugins.d';
const persistentIsWanted =
  '/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service';
const hooks = '/etc/network/if-pre-up.d';
const dropIns = '/etc/systemd/system/multi-user.target.d';
const localScripts = '/etc/local.d';
const localIsWanted = '/etc/runlevels/default/local';

/** What else tells which ways there are. */
export const wayPaths: readonly string[] = [
  ...[plugins, persistentIsWanted, hooks, dropIns, localScripts, localIsWanted],
];

/** A way to load rules at boot, and what it needs. */
export interface Way {
  readonly name: WayName;
  /** A directory to be made, where it is missing; null: none. */
  readonly directory: string | null;
  /** The files, for a script that loads the rules. */
  readonly files: (script: string) => readonly BootFile[];
}

/** The host's own way to load rules at boot, or what it lacks. */
export function bootWay(
  { persistence }: Pick<FirewallFacts, 'persistence'>,
  { manager }: Pick<NetworkFacts, 'manager'>,
  typeOf: (path: string) => FileState['type'],
): Way | { readonly refusal: string; readonly hint: string } {
  const hasSystemd = persistence.includes('systemd');
  const hasHooks = typeOf(hooks) === 'directory';
  if (
    persistence.includes('netfilter-persistent') &&
    typeOf(plugins) === 'directory' &&
    (!hasSystemd || typeOf(persistentIsWanted) === 'file')
  ) {
    const only = 'case $1 in save | stop | flush) exit 0 ;; esac\n';
    return scriptOf('netfilter-persistent', only);
  }
  if (hasHooks && (manager === 'ifupdown' || !hasSystemd)) return scriptOf('ifupdown');
  if (hasSystemd) return systemdWay;
  if (typeOf(localScripts) === 'directory') {
    return typeOf(localIsWanted) === 'absent'
      ? {
          refusal: `nothing runs ${localScripts} at boot, to load the rules from`,
          hint: 'rc-update add local default',
        }
      : scriptOf('openrc');
  }
  return {
    refusal: 'nothing is known on this host that would load the rules at boot',
    hint: `looked for netfilter-persistent, ${hooks}, systemd and ${localScripts}`,
  };
}

/** Whether a file holds what some version of xpush wrote there. */
export function isOurBootFile(file: FileState): boolean {
  return file.type === 'file' && file.content !== null && file.content.includes('Written by xpush');
}

/** `before`: lines that come before all others of the script but its first comments. */
function scriptOf(name: WayName, before = ''): Way {
  return {
    name,
    directory: null,
    files: (script) => [
      {
        path: scripts[name],
        content: script.replace(/^(?:#.*\n)+/, (head) => `${head}${before}`),
        mode: 0o755,
      },
    ],
  };
}

/** What else loads rules of its own: ours come after it, and again when it does so again. */
const others = ['iptables', 'ip6tables', 'nftables', 'netfilter-persistent', 'firewalld']
  .map((name) => `${name}.service`)
  .join(' ');

const unit = `# Written by xpush. Changes here are overwritten.
[Unit]
Description=What this dom0 forwards for its guests
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service ${others}
PartOf=${others}
ReloadPropagatedFrom=${others}
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${scripts.systemd}
ExecReload=/bin/sh ${scripts.systemd}
`;

/** A drop-in does what `systemctl enable` does, without a symbolic link (systemd.unit(5)). */
const dropIn = `# Written by xpush. Changes here are overwritten.
[Unit]
Wants=xpush-firewall.service
`;

const systemdWay: Way = {
  name: 'systemd',
  directory: dropIns,
  files: (script) => [
    { path: scripts.systemd, content: script, mode: 0o755 },
    { path: unitPath, content: unit, mode: 0o644 },
    { path: dropInPath, content: dropIn, mode: 0o644 },
  ],
};
