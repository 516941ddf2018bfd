import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory } from './fleet.ts';

const describe = await labDescribe({ hosts: [{ name: 'webserv', kind: 'mini', nics: [] }] });

const web = '192.168.0.200';

/** Two guests behind one dom0, and a machine on their network that is none of the fleet. */
async function startFleet(): Promise<Fleet> {
  return await Fleet.start(await shippedInventory('two-guests'), {
    ...{ kinds: { mail: 'mini' }, forwarding: true },
    adapt: (plan) => ({
      ...plan,
      hosts: [
        ...plan.hosts,
        { name: 'rogue', nics: [{ segment: 'lan', addresses: ['192.168.0.66/24'] }] },
      ],
    }),
  });
}

const knownHostsOf = (fleet: Fleet) => join(fleet.lab.home, '.ssh', 'known_hosts');

/** Forgets all keys but those of lines that begin so; gives them all. */
async function forget(fleet: Fleet, kept: string): Promise<readonly string[]> {
  const lines = (await readFile(knownHostsOf(fleet), 'utf8')).trim().split('\n');
  const left = lines.filter((line) => line.startsWith(kept)).map((line) => `${line}\n`);
  await writeFile(knownHostsOf(fleet), left.join(''));
  return lines;
}

const keyIn = (lines: readonly string[], name: string): string =>
  lines
    .find((line) => line.startsWith(`${name},`))
    ?.split(' ')
    .slice(1)
    .join(' ') ?? '';

/** Has this machine's packets for the web server go to the stranger, which answers for it. */
async function divert(fleet: Fleet): Promise<void> {
  const rogue = fleet.lab.host('rogue');
  await rogue.exec(['ip', 'addr', 'add', `${web}/32`, 'dev', 'lo']);
  const { stdout: address } = await rogue.exec(['cat', '/sys/class/net/eth0/address']);
  const { stdout: route } = await fleet.lab.run(['ip', '-o', 'route', 'get', web]);
  const dev = / dev (\S+)/.exec(route)?.[1] ?? '';
  const neighbour = ['replace', web, 'lladdr', address.trim(), 'dev', dev, 'nud', 'permanent'];
  const { code } = await fleet.lab.run(['ip', 'neigh', ...neighbour]);
  expect(code).toBe(0);
}

describe('xpush hostkeys', () => {
  test('a dom0 that is known vouches for its guests, whose keys are recorded where ssh finds them; who answers in place of one is found out', async () => {
    await using fleet = await startFleet();
    const lines = await forget(fleet, 'xen1');

    const scan = await fleet.xpush('hostkeys', 'scan', fleet.file);
    const unpinned = await fleet.xpush('facts', fleet.file);
    const pin = await fleet.xpush('hostkeys', 'pin', fleet.file, '--yes');
    const facts = await fleet.xpush('facts', fleet.file);
    const known = await readFile(knownHostsOf(fleet), 'utf8');
    const again = await fleet.xpush('hostkeys', 'pin', fleet.file, '--yes');

    expect([scan.code, scan.stderr]).toEqual([0, '']);
    expect(scan.stdout).toMatch(/^xen1 +ssh-ed25519 +SHA256:\S+ +known +directly$/m);
    expect(scan.stdout).toMatch(
      /^mail +ssh-ed25519 +SHA256:\S+ +new, vouched for by its dom0 +directly, and through xen1$/m,
    );
    expect(scan.stdout).toMatch(/^webserv .* new, vouched for by its dom0/m);
    expect(scan.stdout).not.toContain('note:');
    expect(unpinned.code).toBe(3);
    expect(pin.stdout).toContain('Pinned 2 keys of 2 hosts in ');
    expect([pin.code, facts.code]).toEqual([0, 0]);
    expect(known).toContain(`\n${web} ${keyIn(lines, 'webserv')}\n`);
    expect(known).toContain(`\n192.168.0.210 ${keyIn(lines, 'mail')}\n`);
    expect(again.stdout).toContain('Nothing was pinned');
    expect(await readFile(knownHostsOf(fleet), 'utf8')).toBe(known);

    await divert(fleet);
    await forget(fleet, 'xen1');
    const diverted = await fleet.xpush('hostkeys', 'scan', fleet.file, '-o', 'json');
    const loud = await fleet.xpush('hostkeys', 'pin', fleet.file, '--yes', '--replace', 'all');

    const { hosts, exit } = JSON.parse(diverted.stdout);
    expect([diverted.code, exit]).toEqual([1, 1]);
    expect(hosts.webserv).toMatchObject({ contested: true });
    const [shown, own] = hosts.webserv.keys;
    expect(shown).toMatchObject({
      key: keyIn(lines, 'rogue'),
      state: 'contested',
      seen: ['direct'],
    });
    expect(own).toMatchObject({
      key: keyIn(lines, 'webserv'),
      state: 'contested',
      seen: ['inside'],
    });
    expect(hosts.mail).toMatchObject({ contested: false, keys: [{ state: 'vouched' }] });
    expect(loud.code).toBe(1);
    expect(loud.stdout).toMatch(/^SOMEBODY IN BETWEEN\? webserv shows other keys/m);
    expect(loud.stdout).toMatch(/^webserv: NOT pinned, it shows other keys on the other way$/m);
    const after = await readFile(knownHostsOf(fleet), 'utf8');
    expect(after).toContain('192.168.0.210 ');
    expect(after).not.toContain(web);
  });

  test('nothing is known: only what was told beforehand is recorded, or what a person says yes to', async () => {
    await using fleet = await startFleet();
    const lines = await forget(fleet, 'nobody');
    const pin = (...args: readonly string[]) => fleet.xpush('hostkeys', 'pin', fleet.file, ...args);
    const scanned = await fleet.xpush('hostkeys', 'scan', fleet.file, '-o', 'json');
    const { hosts } = JSON.parse(scanned.stdout);
    const print = (name: string): string => hosts[name].keys[0].fingerprint;
    const list = await fleet.write(
      'list',
      `# by telephone\nxen1 ${print('xen1')}\nmail 256 ${print('xen1')} root@mail (ED25519)\n`,
    );
    const bad = await fleet.write('bad', 'xen1 md5:aa\n');

    const alone = await pin();
    const wrong = await pin('--fingerprints', bad, '--yes');
    const told = await pin('--fingerprints', list, '--yes', '-o', 'json');

    expect(scanned.code).toBe(0);
    expect(hosts.webserv).toMatchObject({
      through_dom0: { error: { message: expect.stringContaining('is not known') } },
      keys: [{ state: 'seen', key: keyIn(lines, 'webserv') }],
    });
    expect([alone.code, wrong.code]).toEqual([2, 2]);
    expect(alone.stderr).toMatch(
      /Record 3 keys of mail, webserv, xen1 in \S+, for which nobody but the network/,
    );
    expect(wrong.stderr).toContain('bad:1: no fingerprint');
    expect(told.code).toBe(1);
    expect(JSON.parse(told.stdout).pin).toEqual({
      written: [{ host: 'xen1', fingerprints: [print('xen1')], replaced: false }],
      refused: [{ host: 'mail', text: 'it shows none of the keys whose fingerprints are given' }],
      left: [{ host: 'webserv', text: 'no fingerprint of it is given' }],
    });
    expect(await readFile(knownHostsOf(fleet), 'utf8')).toBe(
      `192.168.0.100 ${keyIn(lines, 'xen1')}\n`,
    );

    // the guest was installed anew, as it seems
    await writeFile(
      knownHostsOf(fleet),
      `192.168.0.100 ${keyIn(lines, 'xen1')}\n192.168.0.210 ${keyIn(lines, 'rogue')}\n`,
    );
    const changed = await pin('--yes', '--limit', 'mail');
    const file = await fleet.write('own_known_hosts', '');
    const { argv, env } = fleet.command(
      'hostkeys',
      'pin',
      fleet.file,
      '-l',
      'mail',
      '--replace',
      'mail',
    );
    const answered = await fleet.lab.run(['script', '-qec', argv.join(' '), '/dev/null'], {
      ...{ env, timeoutMs: 50_000 },
      input: 'yes\n',
    });
    const elsewhere = await pin('--yes', '--limit', 'webserv', '--file', file);

    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/^The host key of mail has CHANGED: another one is in \S+:2$/m);
    expect(changed.stdout).toContain('mail: NOT pinned, its key is another one');
    expect(answered.stdout).toContain('in place of the known ones of mail');
    expect(answered.stdout).toContain('Pinned 1 key of 1 host');
    expect(await readFile(knownHostsOf(fleet), 'utf8')).toBe(
      `192.168.0.100 ${keyIn(lines, 'xen1')}\n192.168.0.210 ${keyIn(lines, 'mail')}\n`,
    );
    expect(elsewhere.stdout).toMatch(
      /note: \S+own_known_hosts is read only where the inventory says/,
    );
    expect(await readFile(file, 'utf8')).toBe(`${web} ${keyIn(lines, 'webserv')}\n`);

    const forms = await Promise.all(
      ['known_hosts', 'inventory'].map((form) =>
        fleet.xpush('hostkeys', 'scan', fleet.file, '-l', 'mail', '-o', form),
      ),
    );
    expect(forms.map(({ stdout }) => stdout)).toEqual([
      `192.168.0.210 ${keyIn(lines, 'mail')}\n`,
      `domU:\n  "mail": { ssh: { host_key: "${keyIn(lines, 'mail')}" } }\n`,
    ]);
  });
});
