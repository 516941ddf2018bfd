/** A distribution as Ansible calls it, and the family that it is of. */
interface Distribution {
  readonly name: string;
  readonly family: string;
}

/** By `ID` of os-release(5). */
const known: Readonly<Record<string, Distribution>> = {
  debian: { name: 'Debian', family: 'Debian' },
  ubuntu: { name: 'Ubuntu', family: 'Debian' },
  raspbian: { name: 'Debian', family: 'Debian' },
  linuxmint: { name: 'Linux Mint', family: 'Debian' },
  kali: { name: 'Kali', family: 'Debian' },
  devuan: { name: 'Devuan', family: 'Debian' },
  rhel: { name: 'RedHat', family: 'RedHat' },
  centos: { name: 'CentOS', family: 'RedHat' },
  rocky: { name: 'Rocky', family: 'RedHat' },
  almalinux: { name: 'AlmaLinux', family: 'RedHat' },
  fedora: { name: 'Fedora', family: 'RedHat' },
  ol: { name: 'OracleLinux', family: 'RedHat' },
  amzn: { name: 'Amazon', family: 'RedHat' },
  xenenterprise: { name: 'XenServer', family: 'RedHat' },
  alpine: { name: 'Alpine', family: 'Alpine' },
  arch: { name: 'Archlinux', family: 'Archlinux' },
  manjaro: { name: 'Manjaro', family: 'Archlinux' },
  'opensuse-leap': { name: 'openSUSE Leap', family: 'Suse' },
  'opensuse-tumbleweed': { name: 'openSUSE Tumbleweed', family: 'Suse' },
  sles: { name: 'SLES', family: 'Suse' },
  sled: { name: 'SLED', family: 'Suse' },
};

/** What a family installs packages with. */
const managers: Readonly<Record<string, string>> = {
  Debian: 'apt',
  RedHat: 'dnf',
  Alpine: 'apk',
  Archlinux: 'pacman',
  Suse: 'zypper',
};

/**
 * Ansible's words for a distribution. One that it has no word for keeps its own, and is of the family
 * of the first that it is like; else it is a family of its own, as in Ansible.
 *
 * @param id `ID` of os-release(5)
 * @param like `ID_LIKE`
 */
export function distributionOf(id: string, like: readonly string[]): Distribution {
  const own = Object.hasOwn(known, id) ? known[id] : undefined;
  if (own !== undefined) return own;
  const relative = like.find((name) => Object.hasOwn(known, name));
  const family = relative === undefined ? id : (known[relative]?.family ?? id);
  return { name: id, family };
}

/** Ansible's word for what installs packages; null: nobody knows. */
export function packageManagerOf(family: string, majorVersion: number): string | null {
  if (family === 'RedHat' && majorVersion <= 7) return 'yum';
  return Object.hasOwn(managers, family) ? (managers[family] ?? null) : null;
}
