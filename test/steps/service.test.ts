import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printing } from '../../src/steps/host-script.ts';
import { service } from '../../src/steps/service.ts';
import { serviceOutput, serviceState } from '../../src/steps/service-state.ts';
import { playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';
import { bind, planTwice } from './observed.ts';
import { describeOnSystemd, systemdHost } from './systemd-host.ts';

const plan = (params: object, ...said: readonly string[]) =>
  planTwice(bind(service, 'plain', v.parse(service.params, { name: 'nginx', ...params })), {
    output: printing(said.map((line) => `${line}\n`).join('')),
  });
const systemd = (active: string, start: string, load = 'loaded') => [
  ...['Manager=systemd', `LoadState=${load}`, `ActiveState=${active}`],
  ...[`UnitFileState=${start}`, 'NeedDaemonReload=no'],
];
const other = (manager: string, active: string, start: string) => [
  ...[`Manager=${manager}`, ...(manager === 'sysv' ? ['Tool=update-rc.d'] : [])],
  ...['LoadState=loaded', `ActiveState=${active}`, `UnitFileState=${start}`],
];
const argvOf = (made: ReturnType<typeof plan>['first']) =>
  'changes' in made ? made.changes.map((one) => ('argv' in one ? one.argv.join(' ') : '')) : made;

describe('service', () => {
  test.each([
    [{ state: 'started' }, systemd('active', 'enabled'), []],
    [{ state: 'started' }, systemd('activating', 'enabled'), []],
    [{ state: 'started' }, systemd('failed', 'enabled'), ['systemctl start -- nginx']],
    [{ state: 'stopped' }, systemd('inactive', 'enabled'), []],
    [{ state: 'stopped' }, systemd('active', 'enabled'), ['systemctl stop -- nginx']],
    [{ state: 'restarted' }, systemd('active', ''), ['systemctl restart -- nginx']],
    [{ state: 'reloaded' }, systemd('active', ''), ['systemctl reload -- nginx']],
    [{ state: 'reloaded' }, systemd('inactive', ''), ['systemctl start -- nginx']],
    [
      { state: 'started', enabled: true },
      systemd('inactive', 'disabled'),
      ['systemctl enable -- nginx', 'systemctl start -- nginx'],
    ],
    [{ enabled: true }, systemd('inactive', 'static'), []],
    [{ enabled: false }, systemd('inactive', 'enabled'), ['systemctl disable -- nginx']],
    [
      { masked: true, state: 'stopped' },
      systemd('active', 'enabled'),
      ['systemctl stop -- nginx', 'systemctl mask -- nginx'],
    ],
    [
      { masked: false, enabled: true, state: 'started' },
      systemd('inactive', 'masked', 'masked'),
      ['systemctl unmask -- nginx', 'systemctl enable -- nginx', 'systemctl start -- nginx'],
    ],
    [{ state: 'started' }, other('openrc', 'inactive', ''), ['rc-service nginx start']],
    [{ enabled: true }, other('openrc', 'active', 'disabled'), ['rc-update add nginx default']],
    [
      { enabled: false, runlevel: 'boot' },
      other('openrc', 'active', 'enabled'),
      ['rc-update del nginx boot'],
    ],
    [
      { state: 'started' },
      other('openrc', 'failed', 'enabled'),
      ['rc-service nginx zap', 'rc-service nginx start'],
    ],
    [{ state: 'stopped' }, other('openrc', 'failed', 'enabled'), []],
    [{ state: 'stopped' }, other('sysv', 'active', ''), ['service nginx stop']],
    [{ enabled: false }, other('sysv', 'active', 'enabled'), ['update-rc.d nginx disable']],
  ])('%j where it says %j takes %j', (params, said, calls) => {
    const { first, second } = plan(params, ...said);

    expect(argvOf(first)).toEqual(calls);
    if (!('state' in params) || !/ed$/.test(params.state) || !params.state.startsWith('re')) {
      expect(argvOf(second)).toEqual([]);
    }
  });

  test('systemd reads its files again where they are newer', () => {
    const said = systemd('active', 'enabled').with(4, 'NeedDaemonReload=yes');

    const { first, second } = plan({ state: 'started', daemon_reload: true }, ...said);

    expect(argvOf(first)).toEqual(['systemctl daemon-reload']);
    expect(argvOf(second)).toEqual([]);
  });

  test.each([
    [
      'a service that is not there',
      { state: 'started' },
      systemd('inactive', '', 'not-found'),
      'there is no service nginx',
    ],
    [
      'to start what is masked',
      { state: 'started' },
      systemd('inactive', 'masked', 'masked'),
      'nginx is masked: nothing can start it',
    ],
    [
      'to mask where nothing masks',
      { masked: true },
      other('openrc', 'active', ''),
      'openrc masks no services',
    ],
    [
      'where the host says nothing',
      { state: 'started' },
      [],
      'the host could not tell the state of the service nginx (status 0)',
    ],
  ])('refuses %s', (_, params, said, refusal) => {
    expect(plan(params, ...said).first).toMatchObject({ refusal });
  });

  test.each(['-x', 'a b', '../x', '', 'a/b', "a'", 'a\nb'])('refuses the name %j', (name) => {
    expect(v.safeParse(service.params, { name, state: 'started' }).success).toBe(false);
  });
});

describe('serviceState', () => {
  test('reads what serviceOutput writes', () => {
    const state = fc.record({
      manager: fc.constantFrom('systemd', 'openrc', 'sysv'),
      load: fc.constantFrom('loaded', 'not-found', 'masked'),
      activity: fc.constantFrom('runs', 'crashed', 'stopped'),
      start: fc.constantFrom('enabled', 'disabled', 'static', ''),
      isEnabledBelow: fc.boolean(),
      needsReload: fc.boolean(),
      tool: fc.constantFrom('update-rc.d', 'chkconfig', ''),
    } as const);
    fc.assert(
      fc.property(state, ({ activity, ...rest }) => {
        const isCrashed = rest.manager === 'openrc' && activity === 'crashed';
        const one = { ...rest, isRunning: activity === 'runs', isCrashed };
        expect(serviceState(serviceOutput(one))).toEqual(one);
      }),
    );
  });
});

/** A service whose process is a `sleep`, for init scripts. */
const initScript = `#!/bin/sh
### BEGIN INIT INFO
# Provides: naps
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: naps
### END INIT INFO
case $1 in
start) sleep 600 >/dev/null 2>&1 & echo $! >/run/naps ;;
stop) kill "$(cat /run/naps)"; rm /run/naps ;;
restart) "$0" stop; "$0" start ;;
status) kill -0 "$(cat /run/naps)" 2>/dev/null || exit 3 ;;
esac
`;

describe.runIf(hasPrivateHosts)('service by sysv', () => {
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
    host.run('cat >/etc/init.d/naps; chmod 755 /etc/init.d/naps', initScript);
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  test('is started and enabled, found so, stopped and disabled', async () => {
    for (const [params, links, pid] of [
      ['{ name: naps, state: started, enabled: true }', 1, true],
      ['{ name: naps, state: stopped, enabled: false }', 0, false],
      ['{ name: naps, enabled: true }', 1, false],
    ] as const) {
      const check = await playOn(host, `service: ${params}`, { check: true });
      const apply = await playOn(host, `service: ${params}`);
      const again = await playOn(host, `service: ${params}`);

      expect(apply).toMatchObject({ status: 'changed' });
      expect(check.changes).toEqual(apply.changes);
      expect(again).toMatchObject({ status: 'ok', changes: [] });
      expect(Number(host.run('ls /etc/rc2.d | grep -c "^S..naps" || true'))).toBe(links);
      expect(host.run('test -e /run/naps && echo yes || true')).toBe(pid ? 'yes\n' : '');
    }
  });
});

describeOnSystemd('service by systemd', () => {
  const host = systemdHost({
    // what is in /etc can't be masked
    '/usr/local/lib/systemd/system/naps.service':
      '[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=multi-user.target\n',
  });

  test('is started, enabled, masked and all of that back, as a check says', async () => {
    const shown = async () => {
      const properties = ['-P', 'ActiveState', '-P', 'UnitFileState'];
      const { stdout } = await host.lab.exec(['systemctl', 'show', ...properties, 'naps']);
      return stdout.trim().split(/\n+/);
    };
    for (const [params, ...wanted] of [
      ['{ name: naps, state: started, enabled: true }', 'active', 'enabled'],
      ['{ name: naps.service, masked: true, state: stopped }', 'inactive', 'masked'],
      ['{ name: naps, masked: false, enabled: false }', 'inactive', 'disabled'],
      ['{ name: naps, state: started }', 'active', 'disabled'],
    ]) {
      const check = await playOn(host, `service: ${params}`, { check: true });
      const apply = await playOn(host, `service: ${params}`);
      const again = await playOn(host, `service: ${params}`);

      expect(apply).toMatchObject({ status: 'changed' });
      expect(check.changes).toEqual(apply.changes);
      expect(again).toMatchObject({ status: 'ok', changes: [] });
      expect(await shown()).toEqual(wanted);
    }
    expect(await playOn(host, 'service: { name: none, state: started }')).toMatchObject({
      status: 'failed',
      message: 'there is no service none',
    });
  });
});
