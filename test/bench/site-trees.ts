import type { SiteFleet } from './site-fleet.ts';

/**
 * What a push has to do with, but for what each of the two keeps for itself, copies that tools of the host make before
 * they write, keys that each fleet has its own of, and what records when something was installed.
 */
const script = `
find /etc /home /opt /root /srv /usr/local /var/backups /var/lib /var/log -xdev \\
  ! -path '/root/.ansible*' ! -path '/var/lib/xpush*' \\
  ! -path '/etc/ssh/ssh_host_*' ! -path '/root/.ssh/authorized_keys' ! -path '/home/ops/*' \\
  ! -path '/etc/*-' ! -path '/var/lib/apt/*' ! -path '/var/lib/dpkg/*' ! -path '/var/log/*log' \\
  ! -path '/var/log/apt/*' ! -path '/var/log/journal/*' ! -path '/var/lib/systemd/*' \\
  -printf '%p\\t%y %m %u:%g %l\\n' | sort
find /etc /home /opt /root /srv /usr/local /var/lib/monitoring /var/lib/php -xdev -type f -exec sha256sum {} + | sort -k 2 |
  sed -E 's/^([0-9a-f]+)  (.*)/\\2\\t\\1/'
dpkg-query -W -f '\${Package}\\t\${Version} \${Status}\\n'
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
