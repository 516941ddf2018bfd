import { askScript } from './host-script.ts';

/** Package managers, in the order in which they are looked for. */
export const managers = ['apt', 'dnf', 'yum', 'apk', 'pacman'] as const;

export type Manager = (typeof managers)[number];

/** What is asked of the host's package manager. */
export interface PackageQuestions {
  /** Names without versions. */
  readonly names: readonly string[];
  /** `auto`: the one that is there. */
  readonly manager: Manager | 'auto';
  /** Whether to tell which versions could be had. */
  readonly hasCandidates: boolean;
  /** Whether to tell how old the lists of packages are. */
  readonly hasAge: boolean;
  /** Whether to tell what nothing needs any more. */
  readonly hasUnneeded: boolean;
}

/**
 * Prints `manager NAME`, then what that says under a line `[SECTION]` each: `installed` (of dpkg-query, rpm,
 * apk's database or pacman), `provided` (of the names that are not installed), `candidates`, `age`
 * (seconds since the lists were fetched, and whether sources are newer), `unneeded`. `$''{` is `${` to a shell.
 */
const script = String.raw`
use=$1 asks=$2
shift 2
has() { command -v "$1" >/dev/null 2>&1; }
is() { [ "$use" = "$1" ] || [ "$use" = auto ]; }
wants() { case " $asks " in *" $1 "*) ;; *) return 1 ;; esac; }
newest() {
  top=
  for file in "$@"; do
    [ -e "$file" ] || continue
    if [ -z "$top" ] || [ "$file" -nt "$top" ]; then top=$file; fi
  done
}
age() { # FILE DIRECTORY STAMP...
  newest "$1" "$2"/* "$2"
  source=$top
  shift 2
  newest "$@"
  echo '[age]'
  [ -n "$top" ] || return 0
  echo "age $(($(date +%s) - $(stat -c %Y "$top")))"
  # both may be of one second
  [ -z "$source" ] || ! [ "$source" -nt "$top" ] || echo stale
}
rpms() {
  for name in "$@"; do
    if rpm -q --quiet "$name" 2>/dev/null; then
      rpm -q --qf '%{NAME}|%{EPOCH}|%{VERSION}-%{RELEASE}|%{ARCH}\n' "$name"
    else
      rpm -q --whatprovides "$name" >/dev/null 2>&1 && provided="$provided $name"
    fi
  done
}
if is apt && has dpkg-query && has apt-get && { [ "$use" = apt ] || ! [ -e /etc/redhat-release ]; }; then
  echo 'manager apt'
  echo '[installed]'
  if [ $# -gt 0 ]; then
    known=$(dpkg-query -W -f='$''{Package}|$''{Architecture}|$''{Version}|$''{Status}\n' -- "$@" 2>/dev/null)
    printf '%s\n' "$known"
    if [ "$(printf '%s\n' "$known" | grep -c ' ok installed$')" -lt $# ]; then
      echo '[provided]'
      dpkg-query -W -f='$''{Status}|$''{Provides}\n' 2>/dev/null | sed -n 's/^[a-z]* ok installed|\(..*\)/\1/p'
    fi
    if wants candidates; then
      echo '[candidates]'
      apt-cache policy -- "$@" 2>/dev/null
    fi
  fi
  if wants age; then
    age /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp
  fi
  if wants unneeded; then
    echo '[unneeded]'
    apt-get -s -q autoremove 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p'
  fi
elif { is dnf && has dnf; } || { is yum && has yum; }; then
  if is dnf && has dnf; then manager=dnf; else manager=yum; fi
  echo "manager $manager"
  echo '[installed]'
  provided=
  rpms "$@"
  echo '[provided]'
  echo "$provided"
  if wants candidates && [ $# -gt 0 ]; then
    echo '[candidates]'
    $manager -q check-update "$@" 2>/dev/null
  fi
  if wants age; then
    age /etc/yum.conf /etc/yum.repos.d /var/cache/dnf /var/cache/dnf/* /var/cache/libdnf5 /var/cache/yum
  fi
  if wants unneeded && [ $manager = dnf ]; then
    echo '[unneeded]'
    dnf -q repoquery --installed --unneeded --qf '%{name}\n' 2>/dev/null
  fi
elif is apk && has apk; then
  echo 'manager apk'
  echo '[installed]'
  for file in /lib/apk/db/installed /usr/lib/apk/db/installed; do
    [ -r "$file" ] || continue
    awk -v "names= $* " '
      /^P:/ { name = substr($0, 3) }
      /^V:/ { if (index(names, " " name " ")) print name "|" substr($0, 3) }
      /^p:/ {
        count = split(substr($0, 3), words, " ")
        for (i = 1; i <= count; i++) {
          sub(/=.*/, "", words[i])
          if (index(names, " " words[i] " ")) provided = provided " " words[i]
        }
      }
      END { print "[provided]"; print provided }' "$file"
    break
  done
  if wants candidates && [ $# -gt 0 ]; then
    echo '[candidates]'
    apk version -l '<' "$@" 2>/dev/null
  fi
  if wants age; then age /etc/apk/repositories /etc/apk/keys /var/cache/apk /var/cache/apk/APKINDEX*; fi
elif is pacman && has pacman; then
  echo 'manager pacman'
  if [ $# -gt 0 ]; then
    echo '[installed]'
    pacman -Q -- "$@" 2>/dev/null
    echo '[missing]'
    pacman -T -- "$@" 2>/dev/null
    if wants candidates; then
      echo '[candidates]'
      pacman -Qu -- "$@" 2>/dev/null
    fi
  fi
  if wants age; then age /etc/pacman.conf /etc/pacman.d /var/lib/pacman/sync /var/lib/pacman/sync/*; fi
  if wants unneeded; then
    echo '[unneeded]'
    pacman -Qdtq 2>/dev/null
  fi
fi
exit 0
`;

/** What steps that change packages agree on to call them. */
const packagesName = 'packages';

/** The same for the lists of what could be had. */
export const packageListsName = 'package-lists';

const ofSources = ['/etc/apt', '/etc/yum.conf', '/etc/yum.repos.d', '/etc/dnf', '/etc/apk'];

/** One query for all names. */
export function askPackages(questions: PackageQuestions) {
  const { names, manager, hasCandidates, hasAge, hasUnneeded } = questions;
  const asks = [
    ...(hasCandidates ? ['candidates'] : []),
    ...(hasAge ? ['age'] : []),
    ...(hasUnneeded ? ['unneeded'] : []),
  ];
  const isOfLists = hasCandidates || hasAge;
  return askScript(script, [manager, asks.join(' '), ...names], {
    timeoutSeconds: 120,
    readsOnly: [
      ...[packagesName, '/var/lib/dpkg', '/var/lib/rpm', '/lib/apk/db', '/var/lib/pacman'],
      ...(isOfLists ? [packageListsName, ...ofSources, '/etc/pacman.conf', '/etc/pacman.d'] : []),
    ],
  });
}
