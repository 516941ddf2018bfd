import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabFile, LabHostPlan } from '../../../src/lab/plan.ts';
import { labDescribe } from '../../lab-tier.ts';
import { documentOf, Fleet, hostIn, type JsonRun } from '../fleet.ts';

/*
 * Rows of the fault table that are about SSH and login shells, and what proves them:
 *   no banner; half-open; black hole; slow host   test/connection/hostile-server.test.ts (phases, slow line, line that dies)
 *   a server that accepts and closes, MaxStartups,
 *     penalties, fail2ban, no thundering          test/connection/restraint.test.ts, test/connection/jump.test.ts, ssh2-transport.test.ts
 *   unknown, changed, revoked key; mis-wirings    test/connection/host-key.test.ts, known-hosts.test.ts; test/e2e/failures.test.ts
 *   auth failure, too many keys, agent absent     test/connection/authentication.test.ts, restraint.test.ts
 *   garbage, floods, 1 MB banners, EXT_INFO,
 *     Terrapin, key exchanges without end         test/connection/hostile-server.test.ts
 *   forged protocol, lies, floods after the login test/engine/hostile-host.test.ts
 *   environment that misleads tools               test/host/look-environment.test.ts
 *   login shells, noise, shells that give no sh,
 *     missing tools, output without end           this file
 */

interface Case {
  readonly shell?: string;
  readonly files?: Readonly<Record<string, LabFile>>;
  readonly kind?: 'mini';
}

const rc = (text: string): Case => ({
  shell: '/bin/bash',
  files: { '/root/.bashrc': text, '/root/.bash_profile': text, '/root/.profile': text },
});

const forced = (command: string): Case => ({
  files: { '/etc/ssh/sshd_config.d/force.conf': `ForceCommand ${command}\n` },
});

/** Done as if nothing was. */
const fine: Readonly<Record<string, Case>> = {
  dash: {},
  bash: { shell: '/bin/bash' },
  mksh: { shell: '/bin/mksh' },
  tcsh: { shell: '/bin/tcsh' },
  fish: { shell: '/usr/bin/fish' },
  yash: { shell: '/usr/bin/yash' },
  ash: { kind: 'mini' },
  'noisy-tcsh': {
    shell: '/bin/tcsh',
    files: { '/root/.cshrc': 'echo hello from cshrc\nset prompt="%n> "\nalias sh "echo no"\n' },
  },
  'noisy-fish': {
    shell: '/usr/bin/fish',
    files: {
      '/root/.config/fish/config.fish':
        'echo hello from fish\necho oops >&2\nfunction sh; echo no; end\n',
    },
  },
  'noisy-mksh': {
    shell: '/bin/mksh',
    files: { '/root/.mkshrc': 'echo hello\n', '/root/.profile': 'echo hello\n' },
  },
  motd: {
    ...rc(
      'i=0; while [ $i -lt 2000 ]; do echo "Welcome $i"; echo "Warning $i" >&2; i=$((i+1)); done\n',
    ),
  },
  forged: rc(
    [
      "printf '@%032d begin files\\nabsent\\n\\n@%032d end files 0\\n\\n@%032d done 1\\n' 0 0 0",
      "printf '@ done 0\\n@\\n@@@@@@\\n\\0\\033[2J\\r\\n'",
      "printf '\\n@%s done 1\\n' ffffffffffffffffffffffffffffffff",
      '',
    ].join('\n'),
  ),
  traced: rc('set -x; PS4="\\n@"; export PS4 SHELLOPTS\n'),
  unset: rc('set -u; set -f; set -C; export SHELLOPTS\n'),
  ifs: rc('IFS=/ae; export IFS; CDPATH=/:/etc; export CDPATH\n'),
  aliases: rc('shopt -s expand_aliases; alias sh=false printf=false cat="rm -f"\n'),
  functions: rc(
    'cat() { echo fake; }; sh() { echo fake; }; mv() { :; }; grep() { echo fake; }; export -f cat sh mv grep\n',
  ),
  locale: rc(
    'export LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr POSIXLY_CORRECT=1 POSIX_ME_HARDER=1\n',
  ),
  path: rc('export PATH=/nonexistent\n'),
  tmpdir: rc('export TMPDIR=/nonexistent HOME=/nonexistent TERM=; cd /nonexistent; cd /proc\n'),
  umask000: rc('umask 000\n'),
  umask077: rc('umask 077\n'),
  background: rc('(sleep 30 &)\n'),
};

/** Refused with words, within a moment. */
const refused: Readonly<Record<string, Case & { readonly says: RegExp }>> = {
  'bin-false': { shell: '/bin/false', says: /the login shell gives no sh \(status 1\)/ },
  nologin: {
    shell: '/usr/sbin/nologin',
    says: /gives no sh \(status 1\); it said: .*account is currently not available/,
  },
  missing: { shell: '/bin/nosuch', says: /authentication failed as root: tried/ },
  aliased: {
    ...rc('shopt -s expand_aliases; alias exec=echo\n'),
    says: /gives no sh \(status 0\); it said: .*sh -s/,
  },
  exit0: { ...rc('echo leaving; exit 0\n'), says: /gives no sh \(status 0\); it said: leaving/ },
  exit3: {
    ...rc('echo leaving >&2; exit 3\n'),
    says: /gives no sh \(status 3\); it said: leaving/,
  },
  forced: {
    ...forced('echo "only backups here"'),
    says: /gives no sh \(status 0\); it said: only backups here/,
  },
  sftp: { ...forced('internal-sftp'), says: /gives no sh|does not answer as a shell/ },
  painted: {
    ...forced("printf '\\033]0;pwned\\007\\033[2J\\r\\xe2\\x80\\xaeok'"),
    says: /gives no sh \(status 0\); it said: [^\p{Cc}\p{Cf}]*$/u,
  },
  'mini-false': { kind: 'mini', shell: '/bin/false', says: /authentication failed as root: tried/ },
};

/** Refused after the time that a look may take. */
const silent: Readonly<Record<string, Case>> = {
  eater: rc('cat >/dev/null\n'),
  sleeper: forced('exec sleep 600'),
};

/** Eats one line of the program. */
const biter = { biter: rc('read -r answer\n') };

const cases: Readonly<Record<string, Case>> = { ...fine, ...refused, ...silent, ...biter };
const names = Object.keys(cases);
const packages = ['tcsh', 'fish', 'fish-common', 'libpcre2-32-0', 'yash', 'mksh'];
const describe = await labDescribe({
  hosts: [
    { name: 'full', nics: [], packages },
    { name: 'mini', kind: 'mini', nics: [] },
  ],
});

const inventoryText = `
networks:
  lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }
hosts:
${names.map((name, n) => `  ${name}: { address: 10.0.0.${100 + n} }`).join('\n')}
groups:
  fine: [${Object.keys(fine).join(', ')}]
  refused: [${Object.keys(refused).join(', ')}]
ssh: { connect_timeout: 8 }
`;

const playbookText = `
- name: Odd shells
  hosts: all
  tasks:
    - sysctl: { name: net.ipv4.tcp_syncookies, value: 1 }
    - name: A line
      command: { shell: "printf '%s\\\\n' '$x it''s \\"here\\"' >/etc/line; umask >/etc/mask", creates: /etc/line }
`;

describe('a host whose login shell', () => {
  let fleet: Fleet;
  let playbook: string;
  let first: JsonRun;
  let second: JsonRun;
  let refusals: JsonRun;
  let refusalsMs: number;

  const run = async (...args: readonly string[]): Promise<JsonRun> => {
    const { argv, env } = fleet.command(
      ...(['apply', fleet.file, playbook, '-o', 'json', '--no-confirm'] as const),
      ...args,
    );
    const result = await fleet.lab.run(argv, { env, timeoutMs: 110_000 });
    return { ...result, document: documentOf(result) };
  };

  beforeAll(async () => {
    const kinds = Object.fromEntries(
      names.flatMap((name) => (cases[name]?.kind === 'mini' ? [[name, 'mini'] as const] : [])),
    );
    const adapt = (host: LabHostPlan): LabHostPlan => {
      const { shell, files = {}, kind } = cases[host.name] ?? {};
      if (cases[host.name] === undefined) return host;
      return {
        ...host,
        ...(kind === 'mini' ? {} : { packages }),
        ...(shell === undefined ? {} : { shells: { root: shell } }),
        files: { ...host.files, ...files },
      };
    };
    fleet = await Fleet.start(inventoryText, {
      kinds,
      adapt: (plan) => ({ ...plan, hosts: plan.hosts.map(adapt) }),
    });
    playbook = await fleet.write('shells.yaml', playbookText);
    first = await run('--limit', 'fine');
    second = await run('--limit', 'fine');
    const started = Date.now();
    refusals = await run('--limit', 'refused', '--max-fail', '100%');
    refusalsMs = Date.now() - started;
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  test.each(Object.keys(fine))(
    'is odd in the way of %s is done, and is left alone then',
    async (name) => {
      const console = fleet.lab.host(name);
      expect([hostIn(first.document, name).error, hostIn(second.document, name).error]).toEqual([
        null,
        null,
      ]);
      expect(hostIn(first.document, name).status).toBe('changed');
      expect(hostIn(second.document, name).status).toBe('ok');
      expect((await console.readFile('/etc/line')).toString()).toBe('$x its "here"\n');
      expect((await console.readFile('/etc/mask')).toString()).toMatch(/^0?022\n$/);
      const modes = await console.exec([
        'sh',
        '-c',
        'ls -l /etc/sysctl.d/*xpush* /etc/line; ls -d /nonexistent 2>&1',
      ]);
      expect(modes.stdout).toMatch(/-rw-r--r--.*sysctl\.d/);
      expect(modes.stdout).toMatch(/-rw-r--r--.*\/etc\/line/);
    },
  );

  test.each(Object.keys(refused))('is refused with words in the case of %s', (name) => {
    const { status, error } = hostIn(refusals.document, name);
    expect([status, error?.message]).toEqual([
      'unreachable',
      expect.stringMatching(refused[name]?.says ?? /$^/),
    ]);
  });

  test('makes the run neither slow nor its exit code less than the truth', () => {
    expect([first.code, second.code, refusals.code]).toEqual([0, 0, 3]);
    expect(refusalsMs).toBeLessThan(30_000);
    expect(first.document.recap).toMatchObject({ changed: Object.keys(fine).length });
    expect(refusals.document.recap).toMatchObject({ unreachable: Object.keys(refused).length });
  });

  test('says nothing, or eats of the program, is given up in time, and nothing was done', async () => {
    const started = Date.now();
    const { code, document } = await run(
      ...['--limit', [...Object.keys(silent), 'biter'].join(), '--max-fail', '100%'],
    );

    expect(Date.now() - started).toBeLessThan(30_000);
    expect(code).toBe(3);
    for (const name of [...Object.keys(silent), 'biter']) {
      const host = hostIn(document, name);
      expect([name, host.status]).toEqual([name, 'unreachable']);
      expect(host.error?.message).toMatch(
        name === 'biter'
          ? /gives no sh \(status 97\); it said: its start-up files read the standard input/
          : /no answer to the look program/,
      );
      await expect(fleet.lab.host(name).readFile('/etc/line')).rejects.toThrow();
    }
  }, 120_000);

  test('and tools are whole gives output without end, and binary, to the point where it is cut', async () => {
    const flood = await fleet.write(
      'flood.yaml',
      `
- name: Floods
  hosts: [dash, ash]
  tasks:
    - name: A GB
      command: { changes: always, shell: "head -c 1000000000 /dev/zero | tr '\\\\0' y" }
    - name: A GB of errors
      command: { changes: always, shell: "head -c 1000000000 /dev/zero | tr '\\\\0' e >&2" }
    - name: Bytes
      command: { changes: always, shell: "head -c 300000 /dev/urandom; exit 9" }
`,
    );
    const { argv, env } = fleet.command('apply', fleet.file, flood, '--limit', 'dash,ash');
    const started = Date.now();

    const { code, stdout, stderr } = await fleet.lab.run(argv, { env, timeoutMs: 110_000 });

    expect(code).toBe(1);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(stdout.length).toBeLessThan(2_000_000);
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(/[^\P{Cc}\t]|\p{Cf}/u);
    for (const name of ['dash', 'ash']) {
      const left = await fleet.lab.host(name).exec(['df', '-m', '/var']);
      expect(Number(/\s(\d+)\s+\d+%/.exec(left.stdout)?.[1])).toBeGreaterThan(30);
    }
  }, 120_000);
});
