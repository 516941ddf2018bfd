import { type Lines, parseLines } from './facts-lines.ts';
import { asText, type LookPart } from './look-part.ts';

/** How a host is just now. Strings are the host's words: escape before showing. */
export interface HostCondition {
  /** Since 1970 by its own clock, when it answered; null: it did not say. */
  readonly clockSeconds: number | null;
  /** As whom programs run there. */
  readonly uid: number | null;
  /** The login shell; null: the login does not tell. */
  readonly loginShell: string | null;
  /** The file that `/bin/sh` is. */
  readonly sh: string | null;
  /** What could undo a window at a boot; null: nothing that is known. */
  readonly bootHook: 'systemd' | 'insserv' | 'sysv' | 'openrc' | 'rc' | null;
  /** The file systems below the places that steps and windows write to, each once. */
  readonly disks: readonly Disk[];
  readonly sshd: SshdLimits;
}

/** A mounted file system. */
export interface Disk {
  readonly mount: string;
  /** `ext4`, ...; null when /proc/mounts does not say. */
  readonly type: string | null;
  readonly isReadOnly: boolean;
  readonly isNoexec: boolean;
  readonly freeKiB: number;
  /** null: it has no number of them. */
  readonly freeInodes: number | null;
}

/** What the files of its sshd say that concerns many connections; null: nothing. */
export interface SshdLimits {
  readonly maxStartups: string | null;
  readonly maxSessions: string | null;
  readonly allowTcpForwarding: string | null;
}

/** The condition, the last of a look: it tells the time. */
export const lookCondition: LookPart = {
  runtime: ['condition.sh'],
  lines: (asked) => (asked('condition').length === 0 ? [] : ['xp_section condition xp_condition']),
  read: (asked, sections) => {
    const section = sections.get('condition');
    const observation =
      section === undefined
        ? { failure: 'the host did not tell its condition' }
        : { answer: parseCondition(asText(section.body)) };
    return asked('condition').map((one) => [one, observation]);
  },
};

/** The lines of `xp_condition` (runtime/condition.sh); what is none of them tells nothing. */
export function parseCondition(text: string): HostCondition {
  const lines = parseLines(text);
  const bootHook = hooks.find((way) => way === lines.first('boot')) ?? null;
  return {
    clockSeconds: natural(lines.first('clock')),
    uid: natural(lines.first('uid')),
    loginShell: path(lines.first('shell')),
    sh: path(lines.first('sh')),
    bootHook,
    disks: disksOf(lines),
    sshd: sshdOf(lines.all('sshd')),
  };
}

const hooks = ['systemd', 'insserv', 'sysv', 'openrc', 'rc'] as const;

function natural(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function path(text: string | null): string | null {
  const found = text?.trim().slice(0, 200) ?? '';
  return found.startsWith('/') ? found : null;
}

/** `df -P`: device, size, used, free, percent, mount; a device's name may have blanks, a mount too. */
const dfLine = /\s(\d{1,15}|-)\s+(\d{1,15}|-)\s+(-?\d{1,15}|-)\s+(?:\d+%|-)\s+(\/.*)$/;

function disksOf(lines: Lines): readonly Disk[] {
  const inodes = new Map(
    lines.all('inodes').flatMap((line) => {
      const [, all = '-', , free = '-', mount = ''] = dfLine.exec(line) ?? [];
      // btrfs and others make them as they need them, and say 0 of 0
      return all === '0' || all === '-' ? [] : [[mount, natural(free)] as const];
    }),
  );
  const mounts = new Map(
    lines.all('mount').flatMap((line) => {
      const [, mount, type, options] = /^\S+ (\S+) (\S{1,64}) (\S+)/.exec(line) ?? [];
      // of those at one place, the last is on top
      return mount === undefined ? [] : [[mount, { type, options: options?.split(',') }] as const];
    }),
  );
  const disks = new Map<string, Disk>();
  for (const line of lines.all('df')) {
    const [, , , free, mount] = dfLine.exec(line) ?? [];
    if (free === undefined || mount === undefined) continue;
    const { type = null, options = [] } = mounts.get(mount) ?? {};
    disks.set(mount, {
      mount: mount.slice(0, 200),
      type,
      isReadOnly: options.includes('ro'),
      isNoexec: options.includes('noexec'),
      freeKiB: Math.max(0, Number(free) || 0),
      freeInodes: inodes.get(mount) ?? null,
    });
  }
  return [...disks.values()];
}

/** Lines `FILE:KEYWORD VALUE` of grep, in sshd's order; what stands behind a Match is not for all. */
function sshdOf(lines: readonly string[]): SshdLimits {
  const found = new Map<string, string>();
  const matched = new Set<string>();
  for (const line of lines) {
    const [, file, keyword, value] = /^(\/[^:]+):\s*(\w+)[\s=]+"?([\w:.-]{1,64})/.exec(line) ?? [];
    if (file === undefined || keyword === undefined || value === undefined) continue;
    const key = keyword.toLowerCase();
    if (key === 'match') matched.add(file);
    else if (!matched.has(file) && !found.has(key)) found.set(key, value);
  }
  const of = (key: string): string | null => found.get(key) ?? null;
  return {
    maxStartups: of('maxstartups'),
    maxSessions: of('maxsessions'),
    allowTcpForwarding: of('allowtcpforwarding'),
  };
}
