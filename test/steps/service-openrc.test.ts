import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unpackPackage } from '../../src/lab/packages.ts';
import { playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';

const packages = hasPrivateHosts
  ? await Promise.all(['openrc', 'librc1', 'libeinfo1', 'insserv'].map(unpackPackage))
  : [];
const roots = packages.filter((directory) => directory !== null);
const hasOpenrc = packages.length > 0 && roots.length === packages.length;
const { XPUSH_LAB } = process.env;
if (!hasOpenrc && XPUSH_LAB === 'required') throw new Error('the package openrc cannot be had');

/** A service whose process is a `sleep`. */
const initScript = `#!/sbin/openrc-run
command=/bin/sleep
command_args=600
command_background=true
pidfile=/run/naps.pid
extra_started_commands=reload
reload() { echo reloaded >>/run/reloads; }
`;

/** What OpenRC makes when it boots. */
const booted = `
cd /etc/init.d && rm -f -- *
mkdir -p /run/openrc /etc/runlevels/default /etc/runlevels/boot && cd /run/openrc
mkdir starting started stopping inactive wasinactive failed hotplugged daemons options exclusive scheduled init.d tmp
echo default >softlevel
`;

describe.runIf(hasOpenrc)('service by OpenRC', () => {
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
    for (const root of roots) {
      host.run(`tar -C '${root}' -c . | tar -x --keep-directory-symlink -C /`);
    }
    host.run(booted);
    host.run('cat >/etc/init.d/naps; chmod 755 /etc/init.d/naps', initScript);
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  const shown = () =>
    host
      .run('rc-service naps status 2>&1 || true; ls /etc/runlevels/default /etc/runlevels/boot')
      .replaceAll(/\s+/g, ' ');
  const runThrice = async (params: string) => {
    const check = await playOn(host, `service: ${params}`, { check: true });
    const apply = await playOn(host, `service: ${params}`);
    const again = await playOn(host, `service: ${params}`);

    expect({ params, ...apply }).toMatchObject({ params, status: 'changed' });
    expect(check.changes).toEqual(apply.changes);
    return again;
  };

  test.each([
    ['{ name: naps, state: started, enabled: true }', /status: started .*boot: .*default: naps $/],
    [
      '{ name: naps, enabled: true, runlevel: boot }',
      /status: started .*boot: naps .*default: naps $/,
    ],
    ['{ name: naps, enabled: false }', /status: started .*boot: naps .*default: $/],
    ['{ name: naps, state: stopped }', /status: stopped/],
    ['{ name: naps, state: reloaded }', /status: started/],
  ])('%s is so then, as a check says', async (params, wanted) => {
    const again = await runThrice(params);

    if (!params.includes('reloaded')) expect(again).toMatchObject({ status: 'ok', changes: [] });
    expect(shown()).toMatch(wanted);
  });

  test('what runs is restarted, and told to read its files', async () => {
    const pid = host.run('cat /run/naps.pid');

    await runThrice('{ name: naps, state: restarted }');
    await playOn(host, 'service: { name: naps, state: reloaded }');

    expect(host.run('cat /run/naps.pid')).not.toBe(pid);
    expect(host.run('cat /run/reloads')).toContain('reloaded\n');
  });

  test('what crashed, and is taken for started, runs again', async () => {
    // as its own start-stop-daemon notes what it started; Debian has that of dpkg
    host.run(`mkdir -p /run/openrc/daemons/naps && echo 999999 >/run/naps.pid
      printf '%s\\n' exec=/bin/sleep argv_0=/bin/sleep argv_1=600 name= pidfile=/run/naps.pid >/run/openrc/daemons/naps/001`);
    expect(shown()).toContain('crashed');

    const again = await runThrice('{ name: naps, state: started }');

    expect(again).toMatchObject({ status: 'ok', changes: [] });
    expect(shown()).toContain('status: started');
    host.run('kill -0 "$(cat /run/naps.pid)"');
  });

  test('none of that name, and nothing to mask', async () => {
    expect(await playOn(host, 'service: { name: none, state: started }')).toMatchObject({
      status: 'failed',
      message: 'there is no service none',
    });
    expect(await playOn(host, 'service: { name: naps, masked: true }')).toMatchObject({
      status: 'failed',
      message: 'openrc masks no services',
    });
  });
});
