import type { LabHostPlan, LabPlan } from '../../src/lab/lab.ts';
import type { LabFile } from '../../src/lab/plan.ts';

/** What tells how often a host was sent a program, and which: it is root's login shell. */
const spy = '#!/bin/sh\necho >>/var/log/shells\ntee -a /var/log/programs | /bin/sh "$@"\n';

const unit = `[Service]
ExecStart=/bin/sleep infinity
ExecReload=/bin/true
[Install]
WantedBy=multi-user.target
`;

/** Of the packages that the site's playbook installs, what a host of the lab has. */
const services = ['apache2', 'php8.2-fpm', 'mariadb', 'chrony'];

/** Those that come from the repository on the host's own disk; they are empty. */
const sitePackages = [
  ...['ca-certificates', 'curl', 'less', 'logrotate', 'rsync', 'vim-tiny', 'chrony', 'tar', 'gzip'],
  ...['openssh-server', 'openssh-client', 'apache2', 'apache2-utils', 'ssl-cert'],
  ...['fpm', 'mysql', 'xml', 'mbstring', 'opcache'].map((name) => `php8.2-${name}`),
  ...['mariadb-server', 'mariadb-client', 'mariadb-backup'],
];

/** An empty database of dpkg, and apt with no source but `/srv/repository`, whose packages are made here. */
export const repositoryScript = `
mkdir -p /srv/repository /etc/apt/apt.conf.d /etc/apt/preferences.d /etc/apt/trusted.gpg.d /etc/apt/sources.list.d
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers /var/lib/apt/lists/partial
mkdir -p /var/cache/apt/archives/partial /var/log/apt
: >/var/lib/dpkg/status
: >/var/lib/dpkg/available
echo 'APT::Sandbox::User "root";' >/etc/apt/apt.conf.d/01-lab
cd /srv/repository
for name in ${sitePackages.join(' ')}; do
  mkdir -p build/DEBIAN
  printf '%s\\n' "Package: $name" 'Version: 1.0' 'Architecture: all' \\
    'Maintainer: nobody <nobody@example.org>' 'Description: none' >build/DEBIAN/control
  dpkg-deb -Znone --build build "$name.deb" >/dev/null
  dpkg-deb -f "$name.deb"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$name.deb" "$(stat -c %s "$name.deb")" \\
    "$(sha256sum "$name.deb" | cut -d' ' -f1)"
done >Packages
rm -r build
echo 'deb [trusted=yes] file:/srv/repository ./' >/etc/apt/sources.list
apt-get -q update
`;

/** The hosts of the site with units that stand for the services, and with login shells that take notes. */
export function siteLab(plan: LabPlan, { isSpied }: { readonly isSpied: boolean }): LabPlan {
  return { ...plan, hosts: plan.hosts.map((host) => siteHost(host, isSpied)) };
}

function siteHost(host: LabHostPlan, isSpied: boolean): LabHostPlan {
  if (host.kind !== 'systemd') return host;
  const units = services.map((name): readonly [string, LabFile] => [
    `/etc/systemd/system/${name}.service`,
    unit,
  ]);
  const files = { ...host.files, ...Object.fromEntries(units) };
  if (!isSpied) return { ...host, files };
  const shell: LabFile = { content: spy, mode: 0o755 };
  return {
    ...host,
    files: { ...files, '/usr/local/bin/spy': shell },
    shells: { root: '/usr/local/bin/spy' },
  };
}
