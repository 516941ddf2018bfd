import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory } from './fleet.ts';

/** What ssh itself agrees on, it does not tell in full. */
const { XPUSH_TEST_TRANSPORT: transport = 'ssh2' } = process.env;
const isOurs = transport === 'ssh2';

const describe = await labDescribe({ hosts: [{ name: 'webserv', kind: 'mini', nics: [] }] });

interface Told {
  readonly topic: string;
  readonly level: string;
  readonly text: string;
  readonly detail: string | null;
}

const problems = (findings: readonly Told[]): readonly string[] =>
  findings
    .filter(({ level }) => level !== 'ok')
    .map((one) => `${one.level} ${one.topic}: ${one.text}`);

describe('xpush doctor', () => {
  test('examines hosts of both kinds with one login each, and leaves no trace; one is off', async () => {
    const text = await shippedInventory('two-guests');
    await using fleet = await Fleet.start(text, { kinds: { mail: 'mini' }, forwarding: true });
    await fleet.lab.host('webserv').stop();
    const before = await fleet.snapshot('xen1');

    const run = await fleet.xpush('doctor', fleet.file, '-o', 'json');
    const after = await fleet.snapshot('xen1');
    const logins = await fleet.logins('xen1');
    const shown = await fleet.xpush('doctor', fleet.file);
    const full = await fleet.xpush('doctor', fleet.file, 'xen1');

    const { hosts, exit, schema, fleet: together } = JSON.parse(run.stdout);
    expect([run.code, exit, schema, run.stderr]).toEqual([3, 3, 1, '']);
    expect(after).toEqual(before);
    expect(logins).toBe(1);
    expect(problems(hosts.xen1.findings)).toEqual([]);
    expect(problems(hosts.mail.findings)).toEqual([]);
    expect(hosts.xen1).toMatchObject({
      ...{ kind: 'dom0', status: 'ok', error: null },
      contact: { to: '192.168.0.100:22', user: 'root', first_flight: isOurs ? 'whole' : null },
    });
    expect(hosts.xen1.contact.server).toMatch(/^SSH-2\.0-OpenSSH/);
    expect(Math.abs(hosts.xen1.clock_ahead_seconds)).toBeLessThan(5);
    expect(hosts.mail.contact).toMatchObject({
      server: expect.stringMatching(/^SSH-2\.0-dropbear/),
      algorithms: isOurs ? { cipher: 'aes128-ctr', strict: true } : { host_key: 'ssh-ed25519' },
      host_key: { standing: 'known', at: expect.stringMatching(/known_hosts:\d+$/) },
    });
    expect(problems(hosts.webserv.findings)).toEqual([
      expect.stringMatching(/^broken route: no (?:route to|answer from) 192\.168\.0\.200:22/),
    ]);
    expect(together).toMatchObject(isOurs ? [{ level: 'note', hosts: ['xen1', 'mail'] }] : []);
    expect(shown.stdout).toMatch(
      /^1 +directly(?:, by the program ssh)? +known +SSH-2\.0-dropbear\S+ .* by a key +mail$/m,
    );
    expect(shown.stdout).toMatch(/^3 hosts: 1 not reached$/m);
    expect(full.code).toBe(0);
    expect(full.stdout).toMatch(/^ +shell +the login shell \/bin\/sh, and \/\S+ as sh$/m);
    expect(full.stdout).toMatch(/^1 host: all well$/m);
  });

  test('finds what keeps a push from working: disks, tools, keys, jumps; and says what to do', async () => {
    const text =
      `${await shippedInventory('two-guests')}\nssh: { legacy_algorithms: true }\n`.replace(
        'dom0: xen1\n    names: iftab\n    network_config: ifupdown\n    vifs:\n      - { ip: 192.168.0.210 }',
        'dom0: xen1\n    ssh: { jump: dom0 }\n    names: iftab\n    network_config: ifupdown\n    vifs:\n      - { ip: 192.168.0.210 }',
      );
    await using fleet = await Fleet.start(text, { forwarding: true });
    const console = fleet.lab.host('xen1');
    for (const words of [
      'mount -t tmpfs -o ro tmpfs /var/lib',
      'mount -t tmpfs -o noexec tmpfs /tmp',
      'mount --bind /dev/null /usr/bin/setsid',
    ]) {
      const { code, stderr } = await console.exec(['sh', '-c', words]);
      expect([words, code, stderr]).toEqual([words, 0, '']);
    }
    const known = join(fleet.lab.home, '.ssh', 'known_hosts');
    const lines = (await readFile(known, 'utf8')).split('\n');
    const key = lines.find((line) => line.startsWith('mail'))?.split(' ')[2] ?? '';
    const forged = lines.map((line) =>
      line.startsWith('webserv') ? line.replace(/AAAA\S+/, key) : line,
    );
    await writeFile(known, forged.join('\n'));

    const run = await fleet.xpush('doctor', fleet.file, '-o', 'json');
    const shown = await fleet.xpush('doctor', fleet.file, '-v', '--limit', 'all');

    const { hosts } = JSON.parse(run.stdout);
    const unneeded = 'weak algorithms: legacy_algorithms is set, and nothing of it was needed';
    expect(run.code).toBe(1);
    expect(hosts.xen1.status).toBe('failed');
    expect(problems(hosts.xen1.findings)).toEqual([
      unneeded,
      'broken disks: /var/lib can only be read',
      'note disks: /tmp runs no programs (noexec)',
      expect.stringMatching(/^broken tools: the host has no setsid, .*; install util-linux$/),
    ]);
    expect(problems(hosts.mail.findings)).toEqual([unneeded]);
    expect(hosts.mail.contact).toMatchObject({ jumps: ['xen1'], from: null });
    expect(hosts.webserv).toMatchObject({
      status: 'unreachable',
      contact: { failure: 'host-key', host_key: { standing: 'changed' } },
    });
    expect(problems(hosts.webserv.findings)).toEqual([
      expect.stringContaining('broken host key: the host key of 192.168.0.200:22 has CHANGED'),
    ]);
    expect(shown.stdout).toMatch(
      /^weak, algorithms: legacy_algorithms .*\n {2}2 hosts: mail, xen1$/m,
    );
    expect(shown.stdout).toMatch(
      /^ +route +through xen1(?:, by the program ssh)?: to 192\.168\.0\.210:22, as root, jump by the inventory/m,
    );
    expect(shown.stdout).toMatch(/^3 hosts: 1 not reached, 1 where a push would not work, /m);
  });
});
