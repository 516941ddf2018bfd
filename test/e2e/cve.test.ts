import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet } from './fleet.ts';

/*
 * What others were bitten by. Beside the tests here:
 *   CVE-2020-1736  a new file is readable for a moment     test/host/write-file-trace.test.ts
 *   CVE-2020-1733  a temporary directory of somebody else   here, and test/host/write-file.test.ts (planted in its way)
 *   CVE-2018-10874, CVE-2018-10875  files that others write test/source/distrust.test.ts
 *   CVE-2018-16837, CVE-2020-1739, CVE-2024-8775, CVE-2020-1740 and other secrets: test/secrets
 *   CVE-2023-48795 (Terrapin)                               test/connection/hostile-server.test.ts
 */

const source = join(import.meta.dirname, '..', '..', 'src');

describe('CVE-2020-1734: a command line of the controller', () => {
  test('is never given to a shell', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('lab/'),
    );
    const using = files.filter((file) => {
      const text = readFileSync(join(source, file), 'utf8');
      expect([file, /\bshell: *(?!false)\S/.test(text) && /child_process/.test(text)]).toEqual([
        file,
        false,
      ]);
      return text.includes("'node:child_process'");
    });

    for (const file of using) {
      const text = readFileSync(join(source, file), 'utf8');
      expect([
        file,
        /import \{[^}]*\b(exec|execSync)\b[^}]*\} from 'node:child_process'/.test(text),
      ]).toEqual([file, false]);
    }
    expect(using.length).toBeGreaterThan(0);
  });
});

describe('CVE-2019-14904: a name in the inventory', () => {
  const nasty = [
    'x;id',
    'x$(id)',
    'x`id`',
    'x\nid',
    '-x',
    '--help',
    'x y',
    'x|id',
    "x'id",
    'x"id',
    'x&id',
    '../x',
    'x\u0000',
  ];
  const places: readonly (readonly [string, (name: string) => string])[] = [
    ['host', (name) => `hosts: { ${name}: { address: 10.0.0.1 } }`],
    ['dom0', (name) => `dom0: { ${name}: { address: 10.0.0.1 } }`],
    ['address', (name) => `hosts: { h: { address: ${name} } }`],
    ['user', (name) => `hosts: { h: { address: 10.0.0.1, ssh: { user: ${name} } } }`],
    ['group', (name) => `hosts: { h: { address: 10.0.0.1 } }\ngroups: { ${name}: [h] }`],
    [
      'network',
      (name) =>
        `networks: { ${name}: { subnet: 10.0.0.0/24 } }\nhosts: { h: { address: 10.0.0.1 } }`,
    ],
    [
      'interface',
      (name) =>
        `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }\ndom0: { x: { address: 10.0.0.2 } }\ndomU: { g: { dom0: x, vifs: [{ ip: 10.0.0.3, iface: ${name} }] } }`,
    ],
    [
      'routing table',
      (name) =>
        `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }\ndom0: { x: { address: 10.0.0.2 } }\ndomU: { g: { dom0: x, vifs: [{ ip: 10.0.0.3, table: ${name} }] } }`,
    ],
  ];

  test.each(places)(
    'of a %s holds nothing that a shell or an option would mind',
    async (_what, text) => {
      for (const name of nasty) {
        const quoted = JSON.stringify(name);
        const result = await loadInventory({ argument: '-', stdin: text(quoted) }).then(
          () => 'taken',
          (error: unknown) => (error instanceof ConfigError ? 'refused' : error),
        );
        expect([name, result]).toEqual([name, 'refused']);
      }
    },
  );
});

const labOnly = await labDescribe({ hosts: [{ name: 'mini', kind: 'mini', nics: [] }] });

labOnly('a host that says what it likes', () => {
  let fleet: Fleet;
  const names = ['full', 'mini'];
  const lies = [
    '../../../../tmp/pwned',
    '/tmp/pwned',
    '{{ 7*7 }}',
    '$(touch /tmp/pwned)',
    '`touch /tmp/pwned`',
    '__proto__',
    '-rf',
    '\u001b]0;x\u0007\u001b[2J',
    'x'.repeat(60),
  ];

  beforeAll(async () => {
    fleet = await Fleet.start(
      `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }\nhosts: { full: { address: 10.0.0.2 }, mini: { address: 10.0.0.3 } }\n`,
      { kinds: { mini: 'mini' } },
    );
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  test('CVE-2016-9587, CVE-2020-10684, CVE-2021-3583, CVE-2023-5764: its facts are text, and nothing else', async () => {
    for (const lie of lies) {
      for (const name of names) {
        const { code } = await fleet.lab
          .host(name)
          .exec([
            'sh',
            '-c',
            'printf %s "$1" >/proc/sys/kernel/hostname; printf "%s\\n" "$1" >/etc/hostname',
            'sh',
            lie,
          ]);
        expect(code).toBe(0);
      }
      const { stdout, stderr, code } = await fleet.xpush('facts', fleet.file, '-o', 'json');
      const { hosts } = JSON.parse(stdout);

      expect([lie, code, stderr]).toEqual([lie, 0, '']);
      expect(Object.keys(hosts).sort()).toEqual(names);
      for (const name of names) {
        const { hostname } = hosts[name].facts.system;
        const plain = (text: string) => text.replace(/\p{Cc}|\\x[0-9a-f]{2}/gu, '');
        expect(plain(lie)).toContain(plain(hostname ?? ''));
      }
      expect(stdout).not.toContain('\u001b');
      expect('system' in {}).toBe(false);
    }
  });

  test('CVE-2020-1735, CVE-2019-3828: names no file of the controller', async () => {
    const list = async () =>
      (await readdir(fleet.lab.directory, { recursive: true })).filter(
        (file) => !file.startsWith('disks') && !/xpush\/runs|known_hosts|\.cache/.test(file),
      );
    const before = await list();
    for (const name of names) {
      await fleet.lab
        .host(name)
        .exec(['sh', '-c', 'printf %s ../../../../tmp/pwned >/proc/sys/kernel/hostname']);
    }
    const playbook = await fleet.write(
      'say.yaml',
      '- name: Say\n  hosts: all\n  tasks:\n    - command: { changes: always, shell: "printf \'%s\\\\n\' ../../x /etc/passwd" }\n',
    );

    const { code } = await fleet.apply(playbook);
    const { stdout } = await fleet.lab.run([
      'sh',
      '-c',
      'ls -d /tmp/pwned* ../../../../tmp/pwned* 2>/dev/null; :',
    ]);

    expect([code, stdout]).toEqual([0, '']);
    const made = (await list()).filter(
      (file) => !before.includes(file) && !file.endsWith('say.yaml'),
    );
    expect(made.filter((file) => !/\.local(\/state)?(\/xpush)?$/.test(file))).toEqual([]);
  });

  test('CVE-2020-1733: nothing of ours is in a directory that everybody may write to', async () => {
    const places = '/tmp /var/tmp /dev/shm /run/lock';
    const plant = `for dir in ${places}; do for name in xpush .xpush xpush.1 .ansible; do
      ln -s /etc/shadow $dir/$name 2>/dev/null; mkdir $dir/$name.d 2>/dev/null; done; done; :`;
    const look = `for dir in ${places}; do [ -d $dir ] && ls -la $dir && stat -c '%Y %Z' $dir; done; ls -l /etc/shadow; cat /etc/shadow`;
    const seen = async () =>
      await Promise.all(
        names.map(async (name) => (await fleet.lab.host(name).exec(['sh', '-c', look])).stdout),
      );
    for (const name of names) {
      await fleet.lab.host(name).exec(['su', 'ops', '-c', plant]);
    }
    const before = await seen();
    const playbook = await fleet.write(
      'write.yaml',
      '- name: Write\n  hosts: all\n  tasks:\n    - sysctl: { name: net.ipv4.tcp_syncookies, value: 1 }\n    - command: { argv: [touch, /etc/touched], creates: /etc/touched }\n',
    );

    const { code, document } = await fleet.apply(playbook, '--no-confirm');

    expect([code, document.recap.changed]).toEqual([0, 2]);
    expect(await seen()).toEqual(before);
  });
});
