import type { Manager } from './package-script.ts';
import type { Installed } from './package-state.ts';

/** A package as playbooks name it: `nginx`, `nginx=1.22.*`. */
export interface PackageSpec {
  readonly name: string;
  /** Perhaps with `*`; null: any. */
  readonly version: string | null;
}

/** Reads `NAME` or `NAME=VERSION`; null for what is neither. */
export function packageSpec(text: string): PackageSpec | null {
  const [, name, version = null] =
    /^([A-Za-z0-9_][\w.+:@~-]{0,199})(?:=([\w*][\w.+:~^*-]{0,199}))?$/.exec(text) ?? [];
  return name === undefined ? null : { name, version };
}

/** Whether a version is the one that is wanted, in one of its forms. */
export function hasVersion({ versions }: Installed, wanted: string | null): boolean {
  if (wanted === null) return true;
  const parts = wanted.split('*');
  if (parts.length === 1) return versions.includes(wanted);
  const [first = ''] = parts;
  const last = parts.at(-1) ?? '';
  return versions.some((version) => {
    let place = first.length;
    if (!version.startsWith(first)) return false;
    for (const part of parts.slice(1, -1)) {
      const found = version.indexOf(part, place);
      if (found < 0) return false;
      place = found + part.length;
    }
    return version.length - last.length >= place && version.endsWith(last);
  });
}

/** The package as its manager takes it; null: that has no versions to choose from. */
export function wordFor(manager: Manager, { name, version }: PackageSpec): string | null {
  if (version === null) return name;
  switch (manager) {
    case 'apt':
      return `${name}=${version}`;
    case 'dnf':
    case 'yum':
      return `${name}-${version}`;
    case 'apk': // apk-world(5): `~` is for versions that begin so
      return version.endsWith('*')
        ? `${name}~${version.replace(/[.*]+$/, '')}`
        : `${name}=${version}`;
    case 'pacman':
      return null;
  }
}

/** How a package is put there, taken away or made the newest, without the packages. */
export interface PackageCommands {
  readonly install: readonly string[];
  readonly upgrade: readonly string[];
  readonly remove: readonly string[];
  /** null: it has no command for that, or does so by itself. */
  readonly autoremove: readonly string[] | null;
  readonly update: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface PackageWays {
  /** undefined: as the host is configured. */
  readonly hasRecommends: boolean | undefined;
  readonly isPurge: boolean;
  readonly isAutoremove: boolean;
  readonly mayDowngrade: boolean;
}

const aptWords = [
  ...['apt-get', '-y', '-q', '-o', 'DPkg::Lock::Timeout=120'],
  ...['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'],
];

/** The commands of a package manager; none of them asks anything. */
export function packageCommands(manager: Manager, ways: PackageWays): PackageCommands {
  const { hasRecommends, isPurge, isAutoremove, mayDowngrade } = ways;
  switch (manager) {
    case 'apt': {
      const purge = isPurge ? ['--purge'] : [];
      const install = [
        ...[...aptWords, 'install'],
        ...(hasRecommends === undefined
          ? []
          : [hasRecommends ? '--install-recommends' : '--no-install-recommends']),
        ...(mayDowngrade ? ['--allow-downgrades'] : []),
        '--',
      ];
      return {
        install,
        upgrade: install,
        remove: [
          ...[...aptWords, ...purge, ...(isAutoremove ? ['--auto-remove'] : [])],
          ...['remove', '--'],
        ],
        autoremove: [...aptWords, ...purge, 'autoremove'],
        update: sh('apt-get -q -o APT::Update::Error-Mode=any update', '/var/lib/apt/lists'),
        environment: { DEBIAN_FRONTEND: 'noninteractive' },
      };
    }
    case 'dnf':
    case 'yum': {
      const weak =
        hasRecommends === undefined || manager === 'yum'
          ? []
          : [`--setopt=install_weak_deps=${hasRecommends ? 'True' : 'False'}`];
      const words = [manager, '-y', '-q', ...weak];
      return {
        install: [...words, 'install'],
        upgrade: [...words, manager === 'yum' ? 'update' : 'upgrade'],
        remove: [...words, 'remove'],
        autoremove: [...words, 'autoremove'],
        update: sh(
          `${manager} -q makecache`,
          '/var/cache/dnf',
          '/var/cache/libdnf5',
          '/var/cache/yum',
        ),
        environment: {},
      };
    }
    case 'apk':
      return {
        install: ['apk', '--no-progress', 'add', '--'],
        upgrade: ['apk', '--no-progress', 'add', '--upgrade', '--'],
        remove: ['apk', '--no-progress', 'del', ...(isPurge ? ['--purge'] : []), '--'],
        autoremove: null,
        update: sh('apk --no-progress update', '/var/cache/apk'),
        environment: {},
      };
    case 'pacman': {
      const words = ['--noconfirm', '--noprogressbar'];
      const flags = `-R${isAutoremove ? 's' : ''}${isPurge ? 'n' : ''}`;
      return {
        install: ['pacman', '-S', '--needed', ...words, '--'],
        upgrade: ['pacman', '-S', '--needed', ...words, '--'],
        remove: ['pacman', flags, ...words, '--'],
        autoremove: ['pacman', '-Rs', ...words, '--'],
        update: sh('pacman -Sy --noprogressbar', '/var/lib/pacman/sync'),
        environment: {},
      };
    }
  }
}

/** Where nothing new is to be had, the lists stay as old as they are: their directory tells when that was asked. */
function sh(line: string, ...directories: readonly string[]): readonly string[] {
  const touch = `for there in ${directories.join(' ')}; do if [ -d "$there" ]; then touch "$there"; fi; done`;
  return ['/bin/sh', '-c', `${line} && ${touch}`];
}
