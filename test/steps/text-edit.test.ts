import { describe, expect, test } from 'vitest';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';

describe.runIf(hasPrivateHosts)('planEdit', () => {
  const host = playbookOnPrivateHost();

  test('all steps that edit texts do what a check says, once, and leave the rest', async () => {
    host.sh(
      String.raw`printf 'A=1\r\nB=2\r\nc' > /etc/app; cp /etc/app /etc/other; chmod 640 /etc/other; ln -s other /etc/link`,
    );
    host.sh(
      String.raw`printf '[one]\n#key = 1\n' > /etc/app.ini; printf '\351 old\n' > /etc/latin`,
    );

    const lines = await host.runThrice(`
  - { name: line, lineinfile: { path: /etc/link, regexp: "^A=", line: "A=2" } }
  - { name: new, lineinfile: { path: /etc/new, line: "ä", create: true, mode: "u=rw,go=", owner: daemon, group: "1" } }
  - { name: block, blockinfile: { path: /etc/app, block: "x\\ny\\n", insertbefore: BOF } }
  - { name: ini, ini: { path: /etc/app.ini, section: one, option: key, value: 2, group: daemon } }
  - { name: replace, replace: { path: /etc/latin, regexp: '(o)(l)d', replace: '\\2\\1' } }
  - { name: hosts, hosts_entry: { ip: 10.9.8.7, names: [db.lan, db] } }
  - { name: limits, limits: { domain: www, limit_type: soft, limit_item: nofile, value: 9 } }
`);

    expect(lines).toEqual(
      ['line', 'new', 'block', 'ini', 'replace', 'hosts', 'limits'].map(
        (name) => `${name} changed`,
      ),
    );
    expect(host.sh('cat /etc/other')).toBe('A=2\r\nB=2\r\nc');
    expect(host.sh('cat /etc/app')).toBe(
      '# BEGIN XPUSH MANAGED BLOCK\r\nx\r\ny\r\n# END XPUSH MANAGED BLOCK\r\nA=1\r\nB=2\r\nc',
    );
    expect(host.sh('od -An -c /etc/latin; tail -n 1 /etc/hosts; getent hosts db')).toBe(
      ' 351       l   o  \\n\n10.9.8.7\tdb.lan db\n10.9.8.7        db.lan db\n',
    );
    expect(
      host.sh('stat -c "%n %a %U %G" /etc/other /etc/new /etc/app.ini; readlink /etc/link'),
    ).toBe(
      '/etc/other 640 root root\n/etc/new 600 daemon daemon\n/etc/app.ini 644 root daemon\nother\n',
    );
  });

  test('what its validation refuses is not written', async () => {
    host.sh('printf "a\\n" > /etc/app');
    const task = (line: string) =>
      `  - lineinfile: { path: /etc/app, line: "${line}", validate: "grep -q 'good it' %s" }`;

    const { lines } = await host.run(task('bad'));
    expect(lines[0]).toMatch(/^lineinfile failed: .*exit status 1/s);
    expect(host.sh('cat /etc/app')).toBe('a\n');

    await host.runThrice(task('good it is'));
    expect(host.sh('cat /etc/app')).toBe('a\ngood it is\n');
  });

  test('what is replaced is kept when that is asked for', async () => {
    host.sh('printf "a\\n" > /etc/app; chmod 600 /etc/app');

    await host.runThrice('  - replace: { path: /etc/app, regexp: a, replace: b, backup: true }');

    expect(host.sh('cat /etc/app /etc/app.*~; stat -c %a /etc/app.*~')).toBe('b\na\n600\n');
  });

  test('a link gets no owner', async () => {
    host.sh('ln -s passwd /etc/link');

    const { lines } = await host.run('  - lineinfile: { path: /etc/link, line: a, owner: daemon }');

    expect(lines).toEqual(['lineinfile failed: /etc/link is a symbolic link']);
  });
});
