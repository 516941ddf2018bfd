import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, type JsonRun, type Snapshot, shippedInventory, statuses } from './fleet.ts';
import { repositoryScript, siteLab } from './site-lab.ts';

const playbook = join(import.meta.dirname, '..', '..', 'playbooks', 'site', 'site.yaml');
const names = ['xen1', 'web1', 'web2', 'db1'];
const kinds = Object.fromEntries(names.map((name) => [name, 'systemd' as const]));
/** How a program that looks at a host ends. */
const looks = /^xp_look <\/dev\/null$/gm;
const describe = await labDescribe();

/** What each task of each host came to. */
const outcomes = ({ document }: JsonRun) =>
  Object.fromEntries(
    Object.entries(document.hosts).map(([name, { tasks }]) => [
      name,
      tasks.map(({ task, status }) => [task, status] as const),
    ]),
  );

describe('a site of ten roles', () => {
  let fleet: Fleet;
  let packages: JsonRun;
  let check: JsonRun;
  let first: JsonRun;
  let before: Readonly<Record<string, Snapshot>>;
  let second: JsonRun;
  let after: Readonly<Record<string, Snapshot>>;
  let logins: readonly number[];
  let shells: readonly number[];
  let programs: readonly string[];

  const apply = async (...args: readonly string[]): Promise<JsonRun> =>
    await fleet.apply(playbook, ...args);
  const countLogins = async () => await Promise.all(names.map((name) => fleet.logins(name)));
  const takeNotes = async (file: string) =>
    await Promise.all(
      names.map(async (name) => {
        const script = `cat /var/log/${file}; : >/var/log/${file}`;
        return (await fleet.lab.host(name).exec(['sh', '-c', script])).stdout;
      }),
    );

  beforeAll(async () => {
    const text = (await shippedInventory('site')).replace(/^playbook:.*\n/m, '');
    const adapt = (plan: Parameters<typeof siteLab>[0]) => siteLab(plan, { isSpied: true });
    fleet = await Fleet.start(text, { kinds, adapt, forwarding: true });
    for (const name of names) {
      const made = await fleet.lab.host(name).exec(['sh', '-ec', repositoryScript]);
      expect([made.stderr, made.code]).toEqual(['', 0]);
    }
    packages = await apply('--tags', 'packages');
    check = await apply('--check');
    first = await apply();
    const errors = Object.values(first.document.hosts).flatMap(({ error }) => error ?? []);
    expect(errors, first.stderr).toEqual([]);
    before = await fleet.snapshots();
    const loginsBefore = await countLogins();
    await takeNotes('shells');
    await takeNotes('programs');
    second = await apply();
    shells = (await takeNotes('shells')).map((lines) => lines.length);
    programs = await takeNotes('programs');
    logins = (await countLogins()).map((count, index) => count - (loginsBefore[index] ?? 0));
    after = await fleet.snapshots();
  }, 180_000);
  afterAll(async () => {
    await fleet?.lab.down();
  });

  test('is 200 tasks and more on a web server, of all ten roles', () => {
    const { web1 = [], xen1 = [] } = outcomes(first);
    expect(web1.length).toBeGreaterThan(200);
    expect(xen1.length).toBeGreaterThan(100);
    expect([packages, check, first, second].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  });

  test('is applied as its check has said it would be', () => {
    const said = outcomes(check);
    const done = outcomes(first);
    for (const name of names) {
      const differing = said[name]?.flatMap(([task, status], index) =>
        status === 'unknown' || status === done[name]?.[index]?.[1] ? [] : [task],
      );
      expect(differing, name).toEqual([]);
      const known = said[name]?.filter(([, status]) => status !== 'unknown') ?? [];
      expect(known.length, name).toBeGreaterThan(70);
    }
  });

  test('is there afterwards: links, owners, modes, services, times', async () => {
    const script = `
stat -c '%n %U:%G %a' /srv/www/shop /etc/sudoers.d/10-site /var/lib/monitoring
readlink /etc/apache2/sites-enabled/www.conf
grep -c ServerName /etc/apache2/sites-available/shop.conf
systemctl is-active apache2 php8.2-fpm chrony
systemctl is-enabled apache2 php8.2-fpm chrony
grep -c site-backup /etc/cron.d/site-backup
id -nG ann`;

    const { stdout, stderr } = await fleet.lab.host('web1').exec(['sh', '-ec', script]);

    expect([stdout.split('\n'), stderr]).toEqual([
      [
        '/srv/www/shop deploy:www-data 2775',
        '/etc/sudoers.d/10-site root:root 440',
        '/var/lib/monitoring monitoring:monitoring 755',
        '/etc/apache2/sites-available/www.conf',
        '1',
        ...['active', 'active', 'active', 'enabled', 'enabled', 'enabled'],
        '3',
        'admins logs',
        '',
      ],
      '',
    ]);
  });

  test('is left alone by a second apply: no task changes, no byte, inode or time', () => {
    expect(statuses(second.document)).toEqual(Object.fromEntries(names.map((n) => [n, 'ok'])));
    for (const tasks of Object.values(outcomes(second))) {
      expect(tasks.filter(([, status]) => status !== 'ok' && status !== 'skipped')).toEqual([]);
    }
    expect(after).toEqual(before);
  });

  test('costs a converged host one connection, one shell and one look', () => {
    expect(logins).toEqual([1, 1, 1, 1]);
    expect(shells).toEqual([1, 1, 1, 1]);
    for (const program of programs) expect(program.match(looks)).toHaveLength(1);
  });
});
