import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';

/** Makes `/srv/repository` anew, a repository of pacman's with this version of a package. */
const pacmanRepository = (version: string) => `
rm -rf /srv/repository && mkdir -p /srv/repository/db/xpush-one-${version} /srv/build && cd /srv/build
printf '%s\\n' 'pkgname = xpush-one' 'pkgbase = xpush-one' 'pkgver = ${version}' 'pkgdesc = none' 'builddate = 1' \\
  'packager = nobody' 'size = 4' 'arch = any' 'provides = xpush-virtual' >.PKGINFO
file=xpush-one-${version}-any.pkg.tar.gz
tar -czf "/srv/repository/$file" .PKGINFO
cd /srv/repository
printf '%%%s%%\\n%s\\n\\n' FILENAME "$file" NAME xpush-one BASE xpush-one VERSION ${version} DESC none \\
  CSIZE "$(stat -c %s "$file")" ISIZE 4 SHA256SUM "$(sha256sum "$file" | cut -d' ' -f1)" ARCH any \\
  BUILDDATE 1 PACKAGER nobody PROVIDES xpush-virtual >db/xpush-one-${version}/desc
tar -czf xpush.db -C db xpush-one-${version}
mkdir -p /var/lib/pacman
printf '%s\\n' '[options]' 'Architecture = auto' 'SigLevel = Never' '[xpush]' 'Server = file:///srv/repository' >/etc/pacman.conf
`;

/** The same for dnf. */
const dnfRepository = (version: string) => `
mkdir -p /srv/repository /srv/build /etc/yum.repos.d
printf '%s\\n' 'Name: xpush-one' 'Version: ${version.split('-')[0]}' 'Release: 1' 'Epoch: 2' 'Summary: none' 'License: none' 'BuildArch: noarch' \\
  'Provides: xpush-virtual' '%description' 'none' '%files' >/srv/build/one.spec
rpmbuild -bb --quiet --define '_topdir /srv/build' --define '_rpmdir /srv/repository' /srv/build/one.spec >/dev/null 2>&1
createrepo_c -q /srv/repository >/dev/null
rm -rf /etc/yum.repos.d/*
printf '%s\\n' '[xpush]' 'name=xpush' 'baseurl=file:///srv/repository' 'gpgcheck=0' 'metadata_expire=0' >/etc/yum.repos.d/xpush.repo
printf '%s\\n' '[main]' 'gpgcheck=0' 'module_platform_id=platform:el9' 'reposdir=/etc/yum.repos.d' >/etc/dnf/dnf.conf
`;

const managers = [
  {
    ...{ use: 'pacman', makeRepository: pacmanRepository },
    shown: 'pacman -Q xpush-one 2>/dev/null | cut -d" " -f2',
    unknown: /target not found: xpush-none/,
  },
  {
    ...{ use: 'dnf', makeRepository: dnfRepository },
    shown: "rpm -q --qf '%{VERSION}-%{RELEASE}' xpush-one | grep -v 'not installed'",
    unknown: /Unable to find a match: xpush-none/,
  },
] as const;

const [old, newer] = ['1.0-1', '1.10-1'] as const;

describe.runIf(hasPrivateHosts).each(managers)('package by $use', (manager) => {
  const { use, makeRepository, shown, unknown } = manager;
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
    host.run(makeRepository(old));
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  test('is installed, found installed, upgraded and removed', async () => {
    const run = async (params: string, check = false) =>
      await playOn(host, `package: { use: ${use}, ${params} }`, { check });
    const version = () => host.run(`${shown} || true`).trim();

    expect((await run('name: xpush-one, update_cache: true', true)).status).toBe('unknown');
    expect(version()).toBe('');
    expect(await run('name: xpush-one, update_cache: true')).toMatchObject({ status: 'changed' });
    expect(version()).toBe(old);
    for (const one of ['xpush-one', 'xpush-virtual', `xpush-one=${old}`, 'xpush-one=1.0*']) {
      expect({ one, ...(await run(`name: "${one}"`)) }).toMatchObject({
        ...{ one, status: 'ok', changes: [] },
      });
    }
    expect(await run('name: xpush-one, state: latest')).toMatchObject({ status: 'ok' });

    host.run(makeRepository(newer));
    expect(await run('name: xpush-one, state: latest, update_cache: true')).toMatchObject({
      status: 'changed',
    });
    expect(version()).toBe(newer);
    expect(await run('name: xpush-one, state: latest')).toMatchObject({ status: 'ok' });

    expect(await run('name: xpush-one, state: absent')).toMatchObject({ status: 'changed' });
    expect(version()).toBe('');
    expect(await run('name: xpush-one, state: absent')).toMatchObject({ status: 'ok' });
    expect(await run('name: xpush-none')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(unknown),
    });
  });
});
