import { type Lines, shortWord } from './facts-lines.ts';
import type { SystemFacts } from './query.ts';

/** Reads what `xp_system` printed. */
export function parseSystem(lines: Lines): SystemFacts {
  const [, hostname, kernel, architecture] =
    /^(.*) (\S+) (\S+)$/.exec((lines.first('uname') ?? '').trim()) ?? [];
  const systemd = firstNumber(/^systemd\s+(\d+)/, lines.first('systemctl'));
  const udev = firstNumber(/^(?:udevinfo, version\s+)?(\d+)/, lines.first('udev'));
  return {
    hostname: shortWord(hostname) ?? '',
    ...distributionOf(lines),
    kernel: shortWord(kernel) ?? '',
    architecture: shortWord(architecture) ?? '',
    init: initOf(lines),
    systemd,
    udev: lines.has('udevadm') ? systemd : udev,
    iproute2: iproute2Of(lines),
  };
}

interface Distribution {
  readonly distribution: string | null;
  readonly version: string | null;
}

/** os-release(5) where there is one (2012), else the file that each family had before. */
function distributionOf(lines: Lines): Distribution {
  const debian = shortWord(lines.first('/etc/debian_version'));
  const etc = lines.all('/etc/os-release');
  const release = assignments(etc.length > 0 ? etc : lines.all('/usr/lib/os-release'));
  const id = shortWord(release.get('ID')?.toLowerCase());
  if (id !== null) {
    const version = shortWord(release.get('VERSION_ID'));
    return { distribution: id, version: version ?? (id === 'debian' ? debian : null) };
  }
  const alpine = shortWord(lines.first('/etc/alpine-release'));
  if (alpine !== null) return { distribution: 'alpine', version: alpine };
  const lsb = assignments(lines.all('/etc/lsb-release'));
  const lsbId = shortWord(lsb.get('DISTRIB_ID')?.toLowerCase());
  if (lsbId !== null) {
    return { distribution: lsbId, version: shortWord(lsb.get('DISTRIB_RELEASE')) };
  }
  if (debian !== null) return { distribution: 'debian', version: debian };
  return worded(lines) ?? { distribution: lines.has('arch') ? 'arch' : null, version: null };
}

/** Files of one sentence, such as `CentOS release 5.11 (Final)`. */
function worded(lines: Lines): Distribution | null {
  const files: readonly (readonly [string, string])[] = [
    ['/etc/redhat-release', 'rhel'],
    ['/etc/SuSE-release', 'suse'],
    ['/etc/gentoo-release', 'gentoo'],
    ['/etc/slackware-version', 'slackware'],
  ];
  for (const [file, family] of files) {
    const sentence = lines.first(file);
    if (sentence === null) continue;
    const distribution = family !== 'rhel' ? family : (redHatId(sentence) ?? family);
    const version = /(?:^|\s)(\d+(?:\.\d+){0,3})(?:\s|$)/.exec(sentence)?.[1] ?? null;
    return { distribution, version: shortWord(version) };
  }
  return null;
}

/** As their os-release names them later. */
function redHatId(sentence: string): string | null {
  return /^(centos|fedora|scientific|oracle)/i.exec(sentence)?.[1]?.toLowerCase() ?? null;
}

/** `NAME=VALUE` lines as a shell reads them: quotes go, nothing is evaluated. The last one counts. */
function assignments(texts: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const text of texts) {
    const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))\s*$/.exec(text);
    if (match?.[1] !== undefined) found.set(match[1], match[2] ?? match[3] ?? match[4] ?? '');
  }
  return found;
}

function initOf(lines: Lines): SystemFacts['init'] {
  if (lines.has('systemd')) return 'systemd'; // sd_booted(3)
  if (lines.has('openrc')) return 'openrc';
  if (lines.all('initctl').some((text) => text.includes('upstart'))) return 'upstart';
  if (lines.has('busybox')) return 'busybox';
  // kernels before 2.6.33 do not tell the name of process 1
  const isInit = lines.first('/proc/1/comm') === 'init' || !lines.has('comm');
  return isInit && lines.has('inittab') ? 'sysvinit' : 'unknown';
}

function iproute2Of(lines: Lines): SystemFacts['iproute2'] {
  const said = lines.all('ip');
  if (said.length === 0) return null;
  if (said.some((text) => /busybox/i.test(text))) {
    return { version: null, isBusybox: true, hasJson: false };
  }
  const version = /iproute2-([\w.]+)/.exec(said[0] ?? '')?.[1] ?? null;
  return { version: shortWord(version), isBusybox: false, hasJson: hasJson(version) };
}

/** All objects that xpush lists know `-j` since 4.17, whose snapshot is ss180607. */
function hasJson(version: string | null): boolean {
  const snapshot = /^ss(\d{6})$/.exec(version ?? '')?.[1];
  if (snapshot !== undefined) return Number(snapshot) >= 180_607;
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 17);
}

function firstNumber(pattern: RegExp, text: string | null): number | null {
  const digits = pattern.exec(text ?? '')?.[1];
  return digits === undefined || digits.length > 6 ? null : Number(digits);
}
