import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');
const room = mkdtempSync(join(tmpdir(), 'xpush-doctor-'));
afterAll(() => rmSync(room, { recursive: true }));

const fleet = join(room, 'fleet.yaml');
const ssh = '{ user: nobody, known_hosts: /nonexistent, connect_timeout: 2 }';
writeFileSync(fleet, `hosts: { a: {}, b: {} }\nssh: ${ssh}\n`);
const config = join(room, 'config');
writeFileSync(config, 'Host *\n  HostName 127.0.0.1\n  Port 1\n');

function xpush(...args: readonly string[]) {
  const env = { ...process.env, XDG_STATE_HOME: room, SSH_AUTH_SOCK: '' };
  const argv = [program, ...args, '-F', config];
  return spawnSync(process.execPath, argv, { encoding: 'utf8', env, timeout: 20_000 });
}

describe('xpush doctor', () => {
  test('refuses to be told of hosts in two ways, and knows what no host is called', () => {
    const both = xpush('doctor', fleet, 'a', '--limit', 'b');
    const none = xpush('doctor', fleet, 'xen2');

    expect([both.status, none.status]).toEqual([2, 2]);
    expect(both.stderr).toContain('hosts are named, and --limit is given');
    expect(none.stderr).toContain('xen2');
  });

  test('says the same of hosts that fail alike once, and where settings are from', () => {
    const all = xpush('doctor', fleet);
    const one = xpush('doctor', fleet, 'b', '-u', 'root');

    expect([all.status, one.status]).toEqual([3, 3]);
    expect(all.stdout).toContain(
      'broken, route: connection refused by 127.0.0.1:1\n  2 hosts: a, b\n',
    );
    expect(all.stdout).toContain('2 hosts of the inventory are one SSH server, 127.0.0.1:1');
    expect(one.stdout).toMatch(
      /directly: to 127\.0\.0\.1:1, as root, user by the command line, the rest by/,
    );
  });
});

describe('xpush hostkeys', () => {
  test('refuses what does not go together, and tells which hosts show no key', () => {
    const mixed = xpush('hostkeys', 'scan', fleet, '--yes');
    const form = xpush('hostkeys', 'pin', fleet, '-o', 'known_hosts');
    const action = xpush('hostkeys', 'grab', fleet);
    const scan = xpush('hostkeys', 'scan', fleet);
    const pin = xpush('hostkeys', 'pin', fleet, '--yes', '-o', 'json');

    expect([mixed, form, action].map(({ status }) => status)).toEqual([2, 2, 2]);
    expect(mixed.stderr).toContain('--yes is for xpush hostkeys pin');
    expect(action.stderr).toContain('"grab" is none of scan, pin');
    expect([scan.status, pin.status]).toEqual([3, 3]);
    expect(scan.stdout).toContain('no host key from a, b: connection refused by 127.0.0.1:1\n');
    expect(JSON.parse(pin.stdout)).toMatchObject({ exit: 3, pin: { written: [] } });
  });
});
