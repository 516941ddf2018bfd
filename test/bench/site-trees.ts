import type { SiteFleet } from './site-fleet.ts';

/** What each of the two keeps for itself, what each lab has of its own, and what tools of the host note down. */
const apart = [
  ...['/root/\\.ansible', '/var/lib/xpush', '/srv/repository', '/home/ops/', '/etc/machine-id'],
  ...['/etc/ssh/ssh_host_', '/root/\\.ssh/authorized_keys', '/var/lib/(apt|dpkg|systemd)/'],
  ...['/var/log/(apt|journal)/', '/var/log/[^/]*log\t', '/etc/[^/]*-\t'],
];

/**
 * Lines `PATH, a tab, KIND MODE OWNER LINK` or a sum, and the packages. The comment above a job says whose it is; a page's
 * group is the one of its directory here, and root's there.
 */
const script = `
tab=$(printf '\\t')
keep() { grep -Ev '^(${apart.join('|')})'; }
find /etc /home /opt /root /srv /usr/local /var/backups /var/lib /var/log -xdev -printf '%p\\t%y %m %u:%g %l\\n' |
  keep | sed -E "s#^(/srv/www/[^/]+/.*$tab.*):[a-z-]+ #\\1 #"
find /etc /home /opt /root /srv /usr/local /var/lib -xdev -type f -printf '%p\\t\\n' | keep | while IFS=$tab read -r file; do
  printf '%s\\t%s\\n' "$file" "$(sed 's/^# xpush: /#Ansible: /' "$file" | sha256sum)"
done
dpkg-query -W -f='\${Package}\\t\${Version} \${Status}\\n'
`;

/** What is not the same on the hosts of two fleets, as `HOST:PATH`: names, kinds, modes, owners, contents, packages. */
export async function treeDifferences(
  one: SiteFleet,
  other: SiteFleet,
): Promise<readonly string[]> {
  const found = await Promise.all(
    one.names.map(async (name) => {
      const [before, after] = await Promise.all([entriesOf(one, name), entriesOf(other, name)]);
      const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
      const differing = paths.filter((path) => before.get(path) !== after.get(path));
      return differing.map((path) => `${name}:${path}`);
    }),
  );
  return found.flat();
}

async function entriesOf(fleet: SiteFleet, name: string): Promise<ReadonlyMap<string, string>> {
  const { stdout, stderr, code } = await fleet.lab.host(name).exec(['sh', '-c', script]);
  if (code !== 0) throw new Error(`${name}: ${stderr}`);
  const entries = new Map<string, string>();
  for (const line of stdout.trim().split('\n')) {
    const [path = '', said = ''] = line.split('\t');
    entries.set(path, `${entries.get(path) ?? ''} ${said}`);
  }
  return entries;
}
