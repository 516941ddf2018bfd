import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FaultFleet, type FaultHost, faultDescribe } from './faults/fault-fleet.ts';
import { documentOf, hostIn, statuses } from './fleet.ts';

const kinds = ['full', 'mini'] as const;
const describe = await faultDescribe(kinds);
const soon = ['--confirm-timeout', '5'];

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 7, mini: 3 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** A window, a command, and what is unknown behind it. */
const playbook = `
- hosts: all
  tasks:
    - name: Filter
      sysctl: { name: net.ipv4.conf.eth0.rp_filter, value: 1 }
    - name: Command
      command: { shell: "echo done >>/etc/planned", creates: /etc/planned }
    - name: Behind it
      sysctl: { name: net.ipv4.conf.eth0.log_martians, value: 1 }
`;
const unknown = 'Behind it (unknown when the plan was made: run xpush plan again afterwards)';

/** Some hosts, in an inventory and a playbook of their own. */
async function hosts(all: readonly FaultHost[], more = '') {
  const lines = all.map(({ name, address }) => `  ${name}: { address: ${address} }\n`);
  const inventory = await fleet.write('fleet.yaml', `hosts:\n${lines.join('')}${more}`);
  const book = await fleet.write('site.yaml', playbook);
  const xpush = (...args: readonly string[]) => fleet.fleet.xpush(...args);
  return {
    inventory,
    xpush,
    plan: async (suffix: string, ...args: readonly string[]) => {
      const file = `${inventory}.${suffix}`;
      return { file, ...(await xpush('plan', inventory, book, '--out', file, ...args)) };
    },
    apply: (file: string, ...args: readonly string[]) =>
      xpush('apply', '--plan', file, '-o', 'json', ...soon, ...args),
  };
}

const settings = (host: FaultHost) =>
  host.sh(
    'cd /proc/sys/net/ipv4/conf/eth0; cat rp_filter log_martians; cat /etc/planned 2>/dev/null || echo none',
  );

describe('xpush plan', () => {
  test.concurrent('is done as it was reviewed, but on a host that moved; what is left comes with the next', async () => {
    const [full, mini, moved] = [
      await fleet.take('full'),
      await fleet.take('mini'),
      await fleet.take('full'),
    ];
    const { plan, apply } = await hosts([full, mini, moved]);
    const first = await plan('1');
    const second = await plan('2');

    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain(unknown);
    const [one, other] = await Promise.all(
      [first, second].map(({ file }) => readFile(file, 'utf8')),
    );
    const lines = other?.split('\n') ?? [];
    const differing = one?.split('\n').filter((line, index) => line !== lines[index]);
    // both may be made in the same second
    expect(['', 'digest,made']).toContain(differing?.map((line) => line.split(':')[0]).join());
    expect(one).toContain('subject: echo done >>/etc/planned');
    expect(await settings(full)).toBe('0\n0\nnone\n');

    await moved.sh('echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter');
    const applied = await apply(first.file);
    expect(applied.code, applied.stderr).toBe(1);
    const document = documentOf(applied);
    expect(statuses(document)).toEqual({
      ...{ [full.name]: 'changed', [mini.name]: 'changed', [moved.name]: 'failed' },
    });
    expect(hostIn(document, moved.name).error?.message).toContain(
      'net.ipv4.conf.eth0.rp_filter is not as it was when the plan was made: nothing was done',
    );
    expect(applied.stderr + applied.stdout).toContain(unknown);
    expect(await Promise.all([full, mini, moved].map(settings))).toEqual([
      ...['1\n0\ndone\n', '1\n0\ndone\n', '2\n0\nnone\n'],
    ]);
    expect(await full.windowFiles()).toContain('settled');
    expect(await mini.windowFiles()).toContain('settled');

    const next = await plan('3', '--limit', `${full.name},${mini.name}`);
    expect(next.stderr).not.toContain('unknown when');
    expect((await apply(next.file)).code).toBe(0);
    expect(await Promise.all([full, mini].map(settings))).toEqual(['1\n1\ndone\n', '1\n1\ndone\n']);
  });

  test.concurrent('a command whose condition changed is not run, and nothing else on that host', async () => {
    const host = await fleet.take('full');
    const { plan, apply } = await hosts([host]);
    const { file } = await plan('1');
    await host.sh('echo mine >/etc/planned');

    const applied = await apply(file);

    expect(applied.code).toBe(1);
    expect(hostIn(documentOf(applied), host.name).error?.message).toContain(
      '/etc/planned is not as it was when the plan was made',
    );
    expect(await settings(host)).toBe('0\n0\nmine\n');
  });

  test.concurrent('--limit takes some of its hosts; hosts out of reach are named, and left', async () => {
    const [one, other] = [await fleet.take('full'), await fleet.take('mini')];
    const { plan, apply, inventory, xpush } = await hosts(
      [one, other],
      '  away: { address: 10.0.7.77 }\n',
    );
    const shown = await xpush('plan', inventory, '-l', one.name);
    expect(shown.stderr).not.toContain('The plan is in');
    const planned = await plan('1');
    expect(planned.code).toBe(3);
    expect(planned.stderr).toMatch(/Not done on away: everything, as it could not be planned \(/);

    const limited = await apply(planned.file, '--limit', other.name);
    expect(limited.code, limited.stderr).toBe(0);
    expect(statuses(documentOf(limited))).toEqual({ [other.name]: 'changed' });
    expect(await settings(one)).toBe('0\n0\nnone\n');
    const nobody = await apply(planned.file, '--limit', 'none-such');
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('none-such')]);

    const rest = await apply(planned.file, '--limit', `!${other.name}`);
    expect(rest.code, rest.stderr).toBe(0);
    expect(statuses(documentOf(rest))).toEqual({ [one.name]: 'changed' });
  });

  test.concurrent('one that stopped is gone on with by the command that it prints, or again as it is', async () => {
    const all = [await fleet.take('full'), await fleet.take('full'), await fleet.take('mini')];
    const [one, other, last] = all;
    if (one === undefined || other === undefined || last === undefined) throw new Error('hosts');
    const { plan, xpush } = await hosts(all);
    const { file } = await plan('1');
    const rollout = ['--serial', '1', '--max-fail', '0', ...soon] as const;
    await other.sh('echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter');

    const stopped = await xpush('apply', '--plan', file, ...rollout);
    expect(stopped.code, stopped.stderr).toBe(1);
    const line = /^ {2}xpush (apply --plan .* --retry last)$/m.exec(stopped.stdout)?.[1] ?? '';
    expect(line, stopped.stdout).not.toBe('');
    await other.sh('echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter');
    const resumed = await xpush(...line.split(' '), '-o', 'json');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(statuses(documentOf(resumed))).toEqual({
      ...{ [other.name]: 'changed', [last.name]: 'changed' },
    });

    const again = await xpush('apply', '--plan', file, '-o', 'json', ...soon);
    expect(again.code, again.stderr).toBe(0);
    expect(statuses(documentOf(again))).toEqual({
      ...{ [one.name]: 'ok', [other.name]: 'ok', [last.name]: 'ok' },
    });
    expect(await Promise.all(all.map(settings))).toEqual(all.map(() => '1\n0\ndone\n'));

    // done in part, as by a run that ended between two tasks
    await one.sh('rm /etc/planned');
    const rest = await xpush('apply', '--plan', file, '-o', 'json', ...soon, '-l', one.name);
    expect(rest.code, rest.stderr).toBe(0);
    expect(await settings(one)).toBe('1\n0\ndone\n');
  });

  test.concurrent('a file that is no plan of this fleet is refused in a sentence, and nobody is contacted', async () => {
    const host = await fleet.take('full');
    const { plan, inventory, xpush } = await hosts([host]);
    const { file } = await plan('1');
    const text = await readFile(file, 'utf8');
    const logins = await fleet.fleet.logins(host.name);
    const newer = text.replace('xpush_plan: 1', 'xpush_plan: 2');
    const forged: readonly (readonly [string, string])[] = [
      [text.replaceAll('rp_filter', 'accept_local'), 'it was edited, or is cut'],
      [text.slice(0, text.length / 2), ''],
      [text.slice(0, text.indexOf('\nexact:') + 1), 'it was edited, or is cut'],
      [newer, 'another version of xpush'],
      ['hosts: {}\n', 'is no plan of xpush'],
      ['', 'is no plan of xpush'],
      ['\u0000\u0001', 'is no plan'],
      [`${'- '.repeat(30_000)}a\n`, 'is no plan'],
    ];
    for (const [spoiled, sentence] of forged) {
      const other = await fleet.write('spoiled.plan', spoiled);
      const { code, stderr, stdout } = await xpush('apply', '--plan', other);

      expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^xpush: .*spoiled\.plan/);
      expect(stderr).toContain(sentence);
      expect(stderr.trim().split('\n').length, stderr).toBeLessThanOrEqual(2);
    }
    const missing = await xpush('apply', '--plan', `${file}.none`);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('cannot read')]);
    const folder = await xpush('apply', '--plan', '/etc');
    expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining('cannot read /etc')]);
    await fleet.write('other.yaml', '');
    const elsewhere = await xpush('apply', `${inventory}`, 'site.yaml', '--plan', file);
    expect([elsewhere.code, elsewhere.stderr]).toEqual([2, expect.stringContaining('no playbook')]);
    expect(await fleet.fleet.logins(host.name)).toBe(logins);
  });
});
