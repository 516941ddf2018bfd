import type { CommandOutput } from '../host/answers.ts';
import { linesOf } from './host-script.ts';
import { type Manager, managers } from './package-script.ts';

/** What the host's package manager said. */
export interface PackageState {
  readonly manager: Manager;
  readonly installed: ReadonlyMap<string, readonly Installed[]>;
  /** Names that other installed packages provide. */
  readonly provided: ReadonlySet<string>;
  /** Versions that could be had, of what is installed in another one. */
  readonly newer: ReadonlyMap<string, string>;
  /** Seconds since the lists of packages were fetched; null: there are none, as far as can be told. */
  readonly ageSeconds: number | null;
  /** Whether sources of packages have changed since. */
  readonly isStale: boolean;
  /** Packages that were installed for others, and that nothing needs. */
  readonly unneeded: readonly string[];
}

export interface Installed {
  /** As the manager shows it, then in other forms. */
  readonly versions: readonly [string, ...string[]];
  /** Whether it is to stay at that version (dpkg). */
  readonly isHeld: boolean;
}

/** What the script of package-script.ts printed when asked for these; null: not all of it, or no package manager is there. */
export function packageState(output: CommandOutput, names: readonly string[]): PackageState | null {
  const lines = linesOf(output);
  const manager = managers.find((one) => `manager ${one}` === lines?.[0]);
  if (lines === null || manager === undefined) return null;
  const sections = sectionsOf(lines.slice(1));
  const of = (section: string) => sections.get(section) ?? [];
  const age = /^age (\d{1,10})$/.exec(of('age')[0] ?? '')?.[1];
  const missing = new Set(of('missing'));
  return {
    manager,
    installed: installedOf(manager, of('installed')),
    provided:
      manager === 'pacman'
        ? new Set(names.filter((name) => !missing.has(name)))
        : providedIn(of('provided')),
    newer: newerOf(manager, of('candidates')),
    ageSeconds: age === undefined ? null : Number(age),
    isStale: of('age').includes('stale'),
    unneeded: of('unneeded').filter((name) => /^[\w][\w.+:@-]*$/.test(name)),
  };
}

function sectionsOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of lines) {
    const name = /^\[([a-z]+)\]$/.exec(line)?.[1];
    if (name === undefined) {
      current.push(line);
      continue;
    }
    current = sections.get(name) ?? [];
    sections.set(name, current);
  }
  return sections;
}

function installedOf(
  manager: Manager,
  lines: readonly string[],
): ReadonlyMap<string, readonly Installed[]> {
  const installed = new Map<string, readonly Installed[]>();
  const add = (name: string, one: Installed) =>
    installed.set(name, [...(installed.get(name) ?? []), one]);
  for (const line of lines) {
    const [name = '', ...fields] = line.split(manager === 'pacman' ? ' ' : '|');
    if (manager === 'apt') {
      const [architecture = '', version = '', status = ''] = fields;
      const want = /^([a-z]+) ok installed$/.exec(status)?.[1];
      if (want === undefined || version === '') continue;
      const one: Installed = { versions: [version], isHeld: want === 'hold' };
      add(name, one);
      add(`${name}:${architecture}`, one);
    } else if (manager === 'dnf' || manager === 'yum') {
      const [epoch = '', release = '', architecture = ''] = fields;
      if (release === '') continue;
      const version = release.replace(/-[^-]*$/, '');
      const number = /^\d+$/.test(epoch) ? epoch : '0';
      const others = [version, `${number}:${release}`, `${number}:${version}`];
      const one: Installed = { versions: [release, ...others], isHeld: false };
      for (const form of [name, `${name}.${architecture}`]) add(form, one);
      // `rpm -q` takes these for the package as well
      for (const form of [version, release]) add(`${name}-${form}`, one);
    } else {
      const [version = ''] = fields;
      if (version === '') continue;
      add(name, { versions: [version, version.replace(/-[^-]*$/, '')], isHeld: false });
    }
  }
  return installed;
}

/** Names in `Provides:` of dpkg (`a, b (= 1)`), and in lists of plain names. */
function providedIn(lines: readonly string[]): ReadonlySet<string> {
  return new Set(
    lines.flatMap((line) =>
      line.includes(',') || line.includes('(')
        ? line.split(',').map((one) => one.trim().replace(/[ (].*/s, ''))
        : line.split(' '),
    ),
  );
}

/**
 * What `apt-cache policy` (apt-cache(8)), `dnf check-update`, `apk version -l '<'` or `pacman -Qu` say.
 * yum puts what does not fit on the next line, indented.
 */
function newerOf(manager: Manager, lines: readonly string[]): ReadonlyMap<string, string> {
  const newer = new Map<string, string>();
  if (manager === 'apt') {
    let name: string | null = null;
    let present: string | null = null;
    for (const line of lines) {
      const [, heading] = /^(\S+):$/.exec(line) ?? [];
      if (heading !== undefined) {
        name = heading;
        present = null;
      }
      const [, word, version] = /^ {2}(Installed|Candidate): (\S.*)$/.exec(line) ?? [];
      if (name === null || version === undefined) continue;
      if (word === 'Installed') present = version;
      else if (version !== '(none)' && version !== present) newer.set(name, version);
    }
    return newer;
  }
  const pattern = patterns[manager];
  const whole = lines.join('\n').replace(/\nObsoleting Packages\n.*/s, '');
  for (const line of whole.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const [, name, version] = pattern.exec(line) ?? [];
    if (name !== undefined && version !== undefined) newer.set(name, version);
  }
  return newer;
}

const ofRpm = /^(\S+)\.\w+\s+(\S+)\s+\S+\s*$/;
const patterns = {
  dnf: ofRpm,
  yum: ofRpm,
  apk: /^(\S+)-\d\S*\s+<\s+(\S+)/,
  pacman: /^(\S+) \S+ -> (\S+)/,
} as const;
