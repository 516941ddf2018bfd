import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileState, FirewallFacts, NetworkManager } from '../../src/host/query.ts';
import { bootScript } from '../../src/xen/firewall-boot.ts';
import { bootPaths, bootWay, isOurBootFile } from '../../src/xen/firewall-ways.ts';
import { isAvailable } from './namespace.ts';

const plugins = '/usr/share/netfilter-persistent/plugins.d';
const isWanted = '/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service';
const hooks = '/etc/network/if-pre-up.d';
const localScripts = '/etc/local.d';
const localIsWanted = '/etc/runlevels/default/local';

function wayOf(
  persistence: FirewallFacts['persistence'],
  directories: readonly string[],
  manager: NetworkManager | null = null,
  files: readonly string[] = [],
) {
  return bootWay({ persistence }, { manager }, (path): FileState['type'] => {
    if (directories.includes(path)) return 'directory';
    return files.includes(path) ? 'file' : 'absent';
  });
}

function filesOf(way: ReturnType<typeof bootWay>, script = bootScript([])) {
  if ('refusal' in way) throw new Error(way.refusal);
  return way.files(script);
}

describe('bootWay', () => {
  test.each([
    ['Debian with ifupdown', wayOf(['ifupdown', 'systemd'], [hooks], 'ifupdown'), 'ifupdown'],
    ['an old Debian', wayOf(['ifupdown'], [hooks], 'ifupdown'), 'ifupdown'],
    ['Alpine', wayOf(['ifupdown'], [hooks, localScripts], 'ifupdown'), 'ifupdown'],
    ['Debian with networkd', wayOf(['ifupdown', 'systemd'], [hooks], 'networkd'), 'systemd'],
    ['RHEL, whatever loads rules there', wayOf(['systemd'], [], 'NetworkManager'), 'systemd'],
    ['nftables.service', wayOf(['nftables.service', 'systemd'], []), 'systemd'],
    [
      'netfilter-persistent',
      wayOf(['netfilter-persistent', 'ifupdown', 'systemd'], [plugins, hooks], 'ifupdown', [
        isWanted,
      ]),
      'netfilter-persistent',
    ],
    [
      'netfilter-persistent without systemd',
      wayOf(['netfilter-persistent', 'ifupdown'], [plugins, hooks], 'ifupdown'),
      'netfilter-persistent',
    ],
    [
      'netfilter-persistent that is off',
      wayOf(['netfilter-persistent', 'ifupdown', 'systemd'], [plugins, hooks], 'ifupdown'),
      'ifupdown',
    ],
    ['OpenRC', wayOf([], [localScripts], null, [localIsWanted]), 'openrc'],
  ])('takes the way of the host: %s', (_, way, name) => {
    expect(way).toMatchObject({ name });
  });

  test('refuses where nothing would run it', () => {
    expect(wayOf([], [localScripts])).toMatchObject({ hint: 'rc-update add local default' });
    expect(wayOf([], [])).toHaveProperty('refusal');
  });

  test('gives files that are known to be ours, one way or the other', () => {
    const ways = [
      wayOf(['netfilter-persistent'], [plugins]),
      wayOf([], [hooks]),
      wayOf(['systemd'], []),
      wayOf([], [localScripts], null, [localIsWanted]),
    ];
    const files = ways.flatMap((way) => filesOf(way));

    expect(files.map(({ path }) => path).sort()).toEqual([...bootPaths].sort());
    for (const { content, mode } of files) {
      const state = { type: 'file', mode, uid: 0, gid: 0, size: content.length, content } as const;
      expect(isOurBootFile(state)).toBe(true);
    }
  });

  test('loads nothing when netfilter-persistent saves or flushes', () => {
    const script = bootScript([]).replace('exit 0', 'echo loaded');
    const [plugin] = filesOf(wayOf(['netfilter-persistent'], [plugins]), script);
    const run = (...args: string[]) =>
      execFileSync('sh', ['-s', ...args], { input: plugin?.content ?? '', encoding: 'utf8' });

    expect(['start', 'restart', 'reload'].map((word) => run(word))).toEqual(
      Array(3).fill('loaded\n'),
    );
    expect(run()).toBe('loaded\n');
    expect(['save', 'stop', 'flush'].map((word) => run(word))).toEqual(['', '', '']);
  });
});

const hasSystemd = isAvailable('no systemd-analyze', () => {
  execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
});

describe.runIf(hasSystemd)('the unit', () => {
  /** What systemd says of the units in a root directory of its own, which has targets and no more. */
  function verify(files: ReturnType<typeof filesOf>, unit: string): string {
    const root = mkdtempSync(join(tmpdir(), 'xpush-units-'));
    try {
      const put = (path: string, content: string, mode = 0o644) => {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content, { mode });
      };
      for (const { path, content, mode } of files) put(path, content, mode);
      put('/bin/sh', '', 0o755);
      for (const name of [
        'local-fs.target',
        'network-pre.target',
        'shutdown.target',
        'multi-user.target',
        'sysinit.target',
        'basic.target',
      ]) {
        put(`/usr/lib/systemd/system/${name}`, '[Unit]\nDefaultDependencies=no\n');
      }
      return execFileSync(
        'sh',
        [
          '-c',
          'systemd-analyze verify --man=no --root="$0" "$@" 2>&1; echo "status $?"',
          root,
          unit,
        ],
        { encoding: 'utf8' },
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  }

  test('is one that systemd takes', () => {
    expect(verify(filesOf(wayOf(['systemd'], [])), 'xpush-firewall.service')).toBe('status 0\n');
  });

  test('is wanted at boot: a mistake in it is one of the target’s', () => {
    const files = filesOf(wayOf(['systemd'], []));
    const broken = files.map((file) => ({
      ...file,
      content: file.content.replace('Type=oneshot', 'Type=oneshoot'),
    }));

    expect(verify(broken, 'multi-user.target')).toMatch(/oneshoot/);
    expect(verify(broken.slice(0, 2), 'multi-user.target')).toBe('status 0\n');
  });
});
