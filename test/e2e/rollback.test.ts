import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentOf, Fleet, hostIn, type Snapshot, statuses } from './fleet.ts';

/** Both families, with guests that are filtered and one that is not. */
const inventory = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "2001:db8:1::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0 }
domU:
  webserv:
    dom0: xen1
    names: iftab
    network_config: ifupdown
    vifs:
      - { mac: "de:ad:be:ef:00:00", ips: [192.168.0.200, "2001:db8:1::200"] }
      - { mac: "de:ad:be:ef:00:01", ips: [192.168.0.201, "2001:db8:1::201"] }
    allow:
      - { proto: tcp, ports: [80] }
`;

/** What a host is configured as: times, inodes and xpush's own room aside. */
async function configured(fleet: Fleet): Promise<Readonly<Record<string, string>>> {
  const all = await fleet.snapshots();
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, essence(one)]));
}

function essence({ files, live }: Snapshot): string {
  const kept = files
    .split('\n')
    .filter((line) => !/\/var\/lib\/xpush|\/var\/log|\/root\/\.|interfaces\.d'? /.test(line))
    // name, mode, owner and size of a file; of a directory neither size nor time tells anything
    .map((line) =>
      line.replace(/ (\d+) \d+ \d{4}-\d\d-\d\d .*$/, (_, size) =>
        / 4\w{3} /.test(line) ? '' : ` ${size}`,
      ),
    );
  // links come up in their own time
  const settled = live
    .replace(/ linkdown| expires \d+sec|(valid|preferred)_lft \S+/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^\d+: |\bfe80:/.test(line))
    .sort();
  return [...kept, ...settled].join('\n');
}

describe.concurrent('xpush rollback', () => {
  test('undoes the last run, and apply makes it again', async () => {
    await using fleet = await Fleet.start(inventory);
    const before = await configured(fleet);
    await fleet.mustApply();
    const applied = await configured(fleet);
    expect(applied).not.toEqual(before);

    const shown = await fleet.xpush('rollback', fleet.file, '-C', '-D', '-o', 'json');
    expect(shown.code, shown.stderr).toBe(0);
    expect(statuses(documentOf(shown))).toEqual({ xen1: 'changed', webserv: 'changed' });
    expect(await configured(fleet)).toEqual(applied);

    // the guest was behind a dom0 that did not forward: to go back there is not confirmed by itself
    const undone = await fleet.xpush('rollback', fleet.file, '--no-confirm', '-o', 'json');
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    const now = await configured(fleet);
    for (const name of Object.keys(before)) expect(now[name], name).toBe(before[name]);

    const again = await fleet.xpush('rollback', fleet.file, '-l', 'xen1');
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('Nothing to undo')]);

    await fleet.mustApply();
    expect(statuses((await fleet.mustApply()).document)).toEqual({ xen1: 'ok', webserv: 'ok' });
  });

  test('a host that somebody else has changed since is refused by name, and left as it is', async () => {
    await using fleet = await Fleet.start(inventory);
    await fleet.mustApply();
    const webserv = fleet.lab.host('webserv');
    await webserv.exec(['sh', '-c', 'echo "# mine" >>/etc/iftab']);
    const changed = await configured(fleet);

    const undone = await fleet.xpush('rollback', fleet.file, '-l', 'webserv', '-o', 'json');

    expect(undone.code).toBe(1);
    expect(hostIn(documentOf(undone), 'webserv').error?.message).toContain(
      '/etc/iftab is not as the run left it',
    );
    expect(await configured(fleet)).toEqual(changed);
  });
});

/** What the native ruleset is, of others and of ours; an empty table is none. */
async function rulesetOf(fleet: Fleet, name: string): Promise<string> {
  const { stdout } = await fleet.lab.host(name).exec(['nft', '-s', 'list', 'ruleset']);
  return stdout;
}

const theirRules = `table inet theirs {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr 10.99.0.0/16 drop
  }
}
`;

describe.concurrent('xpush rollback of a dom0 with native nftables', () => {
  test('gives back the ruleset of others and ours, run by run, and refuses what others changed in it', async () => {
    await using fleet = await Fleet.start(
      inventory.replace('uplink: eth0', 'uplink: eth0, firewall: { backend: nftables }'),
    );
    const xen1 = fleet.lab.host('xen1');
    const made = await xen1.exec(['sh', '-ec', `nft -f /dev/stdin <<'RULES'\n${theirRules}RULES`]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const bare = await rulesetOf(fleet, 'xen1');
    await fleet.mustApply();
    const first = await rulesetOf(fleet, 'xen1');
    expect(first).not.toBe(bare);
    expect(first).toContain('2001:db8:1::200');
    const text = await readFile(fleet.file, 'utf8');
    await fleet.write('inventory.yaml', text.replace('ports: [80]', 'ports: [80, 8443]'));
    await fleet.mustApply('-l', 'xen1');
    const second = await rulesetOf(fleet, 'xen1');
    expect(second).toContain('8443');

    await xen1.exec(['nft', 'add', 'rule', 'inet', 'theirs', 'forward', 'tcp dport 7 drop']);
    const rollback = (...args: readonly string[]) =>
      fleet.xpush('rollback', fleet.file, '-l', 'xen1', '-o', 'json', ...args);
    const undone = await rollback('--confirm-timeout', '8');
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    const theirs = 'tcp dport 7 drop';
    expect(await rulesetOf(fleet, 'xen1')).toContain(theirs);
    expect(without(await rulesetOf(fleet, 'xen1'), theirs)).toBe(first);

    const own = await xen1.exec(['sh', '-c', 'nft -a list ruleset | grep -n XPUSH']);
    const chain = /chain (XPUSH-\w+) /.exec(first)?.[1] ?? '';
    const table = tableOf(first, chain);
    await xen1.exec(['sh', '-c', `nft add rule ${table} ${chain} tcp dport 9 drop`]);
    const refused = await rollback('--no-confirm');
    expect(refused.code, own.stdout).toBe(1);
    expect(hostIn(documentOf(refused), 'xen1').error?.message).toContain(
      'of nftables is not as the run left it: nothing was undone on this host',
    );
    await xen1.exec([
      'sh',
      '-c',
      `nft delete rule ${table} ${chain} handle $(nft -a list chain ${table} ${chain} | sed -n 's/.*dport 9 drop # handle //p')`,
    ]);
    expect(without(await rulesetOf(fleet, 'xen1'), theirs)).toBe(first);

    // back to where the guests do not answer: the window undoes it, without one it is done
    const cut = await rollback('--confirm-timeout', '4');
    expect(cut.code, cut.stdout).toBe(4);
    expect(cut.stderr).toContain('--no-confirm');
    const { error } = hostIn(documentOf(cut), 'xen1');
    expect(error?.hint).toContain('the same command with --check --diff shows');
    expect(without(await rulesetOf(fleet, 'xen1'), theirs)).toBe(first);
    const last = await rollback('--no-confirm');
    expect(last.code, last.stdout + last.stderr).toBe(0);
    expect(without(await rulesetOf(fleet, 'xen1'), theirs)).toBe(bare);
    expect((await xen1.exec(['cat', '/proc/sys/net/ipv4/ip_forward'])).stdout).toBe('0\n');
  });
});

const without = (ruleset: string, rule: string): string =>
  ruleset
    .split('\n')
    .filter((line) => line.trim() !== rule)
    .join('\n');

/** `FAMILY TABLE` of a chain. */
function tableOf(ruleset: string, chain: string): string {
  const before = ruleset.slice(0, ruleset.indexOf(`chain ${chain} `));
  return /table (\S+ \S+) \{(?![\s\S]*table )/.exec(before)?.[1] ?? '';
}

describe.concurrent('xpush plan', () => {
  test('writes what is reviewed, and apply --plan does exactly that', async () => {
    await using fleet = await Fleet.start(inventory);
    const file = join(fleet.lab.directory, 'fleet.plan');
    await fleet.mustApply();
    await fleet.write(
      'inventory.yaml',
      inventory.replace('192.168.0.201', '192.168.0.202').replace('[80]', '[80, 443]'),
    );
    const untouched = await configured(fleet);

    const planned = await fleet.xpush('plan', fleet.file, '--out', file);
    expect(planned.code, planned.stderr).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    expect(text).toContain('192.168.0.202');
    expect(await configured(fleet)).toEqual(untouched);
    await fleet.xpush('plan', fleet.file, '--out', `${file}.2`);
    const second = (await readFile(`${file}.2`, 'utf8')).split('\n');
    const differing = text.split('\n').filter((line, index) => line !== second[index]);
    const names = differing.map((line) => line.trim().split(':')[0]);
    expect(['digest,made', '']).toContain(names.join(',')); // nothing differs within a second

    const applied = await fleet.xpush('apply', '--plan', file, '-o', 'json');
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    expect(statuses((await fleet.mustApply()).document)).toEqual({ xen1: 'ok', webserv: 'ok' });

    const twice = await fleet.xpush('apply', '--plan', file, '-o', 'json');
    expect(twice.code, twice.stdout + twice.stderr).toBe(0);
    expect(statuses(documentOf(twice))).toEqual({ xen1: 'ok', webserv: 'ok' });
    await fleet.lab.host('webserv').exec(['sh', '-c', 'echo "# mine" >>/etc/network/interfaces']);
    const moved = await fleet.xpush('apply', '--plan', file, '-o', 'json');
    expect(statuses(documentOf(moved))).toEqual({ xen1: 'ok', webserv: 'failed' });
    expect(hostIn(documentOf(moved), 'webserv').error?.message).toContain('is not as it was when');

    await fleet.write('inventory.yaml', inventory);
    const foreign = await fleet.xpush('apply', '--plan', file);
    expect([foreign.code, foreign.stderr]).toEqual([
      2,
      expect.stringContaining('is not as it was'),
    ]);
    const edited = await fleet.write(
      'edited.plan',
      text.replaceAll('192.168.0.202', '192.168.0.222'),
    );
    const refused = await fleet.xpush('apply', '--plan', edited);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('it was edited')]);
  });

  test('of plays of a dom0 and its guests in turns, the later go on from what the earlier make', async () => {
    await using fleet = await Fleet.start(inventory, { forwarding: true });
    const file = join(fleet.lab.directory, 'turns.plan');
    const set = (hosts: string, value: number) =>
      `- { hosts: ${hosts}, tasks: [{ sysctl: { name: net.ipv4.conf.eth0.rp_filter, value: ${value} } }] }\n`;
    const book = await fleet.write('turns.yaml', set('dom0', 1) + set('domU', 1) + set('dom0', 2));
    const planned = await fleet.xpush('plan', fleet.file, book, '--out', file);
    expect(planned.code, planned.stderr).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/rp_filter = 1\n +\+net\S+ = 2/);

    const applied = await fleet.xpush('apply', '--plan', file, '-o', 'json');

    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    const { tasks } = hostIn(documentOf(applied), 'xen1');
    expect(tasks.map(({ status }) => status)).toEqual(['changed', 'changed']);
    const value = ['cat', '/proc/sys/net/ipv4/conf/eth0/rp_filter'] as const;
    expect((await fleet.lab.host('xen1').exec(value)).stdout).toBe('2\n');
    const next = await fleet.xpush('rollback', fleet.file, '-o', 'json');
    expect(next.code, next.stdout + next.stderr).toBe(0);
    expect((await fleet.lab.host('xen1').exec(value)).stdout).toBe('0\n');
  });
});
