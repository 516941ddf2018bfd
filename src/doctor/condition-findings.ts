import type { Disk, HostCondition } from '../host/condition.ts';
import type { WindowsState } from '../host/window.ts';
import { type Answered, type Finding, finding, type Visit } from './model.ts';

/** What a host told of itself. */
export function conditionFindings(visit: Visit): readonly Finding[] {
  const { answers } = visit;
  if (answers === null) return [];
  const { condition, windows, lack } = answers;
  return [
    ...(condition === null
      ? [
          finding(
            'shell',
            'weak',
            'it did not tell how it is: clock, disks and shells are not known',
          ),
        ]
      : [
          ...whoFindings(visit, condition),
          ...shellFindings(condition),
          ...clockFindings(answers),
          ...diskFindings(condition.disks),
        ]),
    ...(lack === null ? [] : [finding('tools', 'broken', lack)]),
    ...(condition === null ? [] : [hookFinding(visit, condition)]),
    ...(windows === null ? [] : windowFindings(windows)),
  ];
}

function whoFindings({ become, needsRoot }: Visit, { uid }: HostCondition): readonly Finding[] {
  if (uid === null) return [];
  if (become !== null) {
    return [finding('become', 'ok', `${become.method} to ${become.user} works`)];
  }
  if (uid === 0) return [finding('become', 'ok', 'not needed: the login is root')];
  return [
    finding('become', needsRoot ? 'broken' : 'note', 'programs run as somebody who is not root', {
      detail: `uid ${uid}`,
      hint: 'network changes need root: become: true in the inventory, or --become, has programs run so by sudo',
    }),
  ];
}

/** Shells that know nothing of `exec /bin/sh -s` would not have come so far; these are only slow or loud. */
function shellFindings({ loginShell, sh }: HostCondition): readonly Finding[] {
  const login =
    loginShell === null ? 'a login shell that is not told' : `the login shell ${loginShell}`;
  return [finding('shell', 'ok', sh === null ? login : `${login}, and ${sh} as sh`)];
}

/** Round trips and slow hosts stay below it. */
const leastSkewSeconds = 5;

function clockFindings({ skewSeconds }: Answered): readonly Finding[] {
  if (skewSeconds === null) {
    return [finding('clock', 'note', 'it does not tell the time')];
  }
  const off = Math.abs(skewSeconds);
  if (off < leastSkewSeconds) return [finding('clock', 'ok', 'right within 5 s')];
  const detail = `${duration(off)} ${skewSeconds > 0 ? 'ahead' : 'behind'}`;
  return [
    finding('clock', 'weak', 'its clock is wrong, seen from here', {
      detail,
      hint: 'NTP (chrony, systemd-timesyncd) there; times of files and logs, and certificates that expire, go by it',
    }),
  ];
}

function duration(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, 'days'],
    [3600, 'h'],
    [60, 'min'],
  ];
  const [size, unit] = units.find(([one]) => seconds >= 2 * one) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** Where steps and windows write; /tmp and /run are only looked at. */
const written = ['/etc', '/var/lib'];
/** A window saves what it changes, and keeps a quarter of a MiB for its undo. */
const leastKiB = 1024;
const fewKiB = 50 * 1024;
const fewInodes = 100;

function diskFindings(disks: readonly Disk[]): readonly Finding[] {
  const found = disks.flatMap((disk) => {
    const places = written.filter((place) => diskOf(disks, place) === disk);
    return diskProblems(disk, places);
  });
  return found.length > 0 || disks.length === 0
    ? found
    : [finding('disks', 'ok', 'there is room, and all can be written')];
}

function diskProblems(disk: Disk, places: readonly string[]): readonly Finding[] {
  const { mount, isReadOnly, isNoexec, freeKiB, freeInodes } = disk;
  const isNeeded = places.length > 0;
  const bad = isNeeded ? 'broken' : 'weak';
  const what =
    isNeeded && mount !== places[0] ? `${mount}, which holds ${places.join(' and ')},` : mount;
  const isVirtual = mount === '/run' && !isReadOnly;
  if (isReadOnly && (isNeeded || mount === '/tmp' || mount === '/run')) {
    const hint =
      'a disk with errors is remounted so: look at dmesg there; else mount -o remount,rw';
    return [finding('disks', bad, `${what} can only be read`, { hint })];
  }
  if (isReadOnly) return [];
  const noexec = isNoexec && mount === '/tmp';
  return [
    ...(freeKiB < (isNeeded ? fewKiB : leastKiB) && !isVirtual
      ? [
          finding('disks', freeKiB < leastKiB ? bad : 'weak', `${what} is all but full`, {
            detail: `${freeKiB < 2048 ? `${freeKiB} KiB` : `${Math.floor(freeKiB / 1024)} MiB`} free`,
            hint: 'make room: a confirm window needs it to undo what it does',
          }),
        ]
      : []),
    ...(freeInodes !== null && freeInodes < fewInodes
      ? [
          finding('disks', bad, `${what} has all but no inodes left`, {
            detail: `${freeInodes} free`,
          }),
        ]
      : []),
    ...(noexec
      ? [
          finding('disks', 'note', '/tmp runs no programs (noexec)', {
            hint: 'xpush runs none there; commands of your own tasks may',
          }),
        ]
      : []),
  ];
}

/** The file system that holds a place. */
function diskOf(disks: readonly Disk[], place: string): Disk | undefined {
  const above = disks.filter(
    ({ mount }) => mount === '/' || place === mount || place.startsWith(`${mount}/`),
  );
  return above.toSorted((a, b) => b.mount.length - a.mount.length)[0];
}

function hookFinding({ host }: Visit, { bootHook }: HostCondition): Finding {
  if (bootHook !== null) {
    return finding('boot hook', 'ok', `a reboot in a confirm window is undone, by ${bootHook}`);
  }
  const text = 'nothing runs at its boot that could undo a confirm window';
  return host.safety.allowNoBootHook
    ? finding('boot hook', 'note', `${text} (allowed by allow_no_boot_hook)`)
    : finding('boot hook', 'weak', text, {
        hint: 'tasks that change files in force are refused there, unless its safety has allow_no_boot_hook: true',
      });
}

function windowFindings({ lock, pending }: WindowsState): readonly Finding[] {
  const hint = 'see xpush status';
  return [
    ...(pending === null
      ? []
      : [finding('windows', 'weak', 'a change waits to be confirmed, or undone', { hint })]),
    ...(lock === null || lock.isStale
      ? []
      : [finding('windows', 'note', 'a run is at work there', { hint })]),
  ];
}
