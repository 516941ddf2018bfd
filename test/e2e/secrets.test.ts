import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { type CliRun, Fleet, until } from './fleet.ts';

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  good: { address: 192.168.0.101, vars: { password: !secret db } }
  dead: { address: 192.168.0.102 }
ssh: { connect_timeout: 1 }
`;

/** Told apart by its parts, whatever is done to what is between them. */
const [left, right] = ['canary7f0e2', 'yranac3b9d1'];
const canary = `${left} '"&<$(id)>é\\ ${right}`;
const digest = createHash('sha256').update(canary).digest('hex');

/** Ways in which commands show what they were given. */
const shows: readonly string[] = [
  'cat',
  'base64',
  'base64 -w 10',
  '{ printf ab; cat; } | base64',
  'od -An -v -tx1 | tr -d " \\n"',
  'sh -c \'x=$(cat); printf "%s\\n" "$x" | sed "s/./&/g"; set -x; : "$x"\' 2>&1',
  'bash -c \'x=$(cat); printf %q "$x"; declare -p x\'',
  'perl -0777 -ne \'s/([^A-Za-z0-9])/sprintf "%%%02X", ord $1/ge; print\'',
  '{ head -c 65530 /dev/zero | tr "\\\\0" x; cat; }',
];

const tasks = (lines: readonly string[], end = ''): string =>
  [
    '- name: Secret',
    '  hosts: all',
    '  tasks:',
    ...lines.map(
      (line) => `    - command: { stdin: !secret db, shell: ${JSON.stringify(`${line}${end}`)} }`,
    ),
    '',
  ].join('\n');

/** What is left of the canary in a text, in any coding that a test of its own knows. */
function traces(text: string): readonly string[] {
  const parts = [left, right];
  const codings = parts.flatMap((part) => [
    part,
    Buffer.from(part).toString('hex'),
    ...[0, 1, 2].map((before) =>
      Buffer.from(`${'-'.repeat(before)}${part}`)
        .toString('base64')
        .slice(4, -4),
    ),
  ]);
  const bare = text.replace(/[\s\\]+/g, '');
  return codings.filter((coding) => text.includes(coding) || bare.includes(coding));
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

const describe = await labDescribe();

describe('a secret', () => {
  let fleet: Fleet;
  let secrets: readonly string[];
  let state: string;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText.replace('!secret db', 'none'));
    await fleet.write('inventory.yaml', inventoryText);
    await fleet.lab.host('dead').stop();
    state = join(fleet.lab.directory, 'state');
    await mkdir(state, { mode: 0o700 });
    const identity = join(fleet.lab.directory, 'identity');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    await chmod(identity, 0o600);
    const recipient = execFileSync('age-keygen', ['-y', identity]).toString().trim();
    const file = join(fleet.lab.directory, 'secrets.age');
    const input = JSON.stringify({ db: canary, short: 'abc' });
    execFileSync('age', ['-e', '-r', recipient, '-o', file], { input });
    secrets = ['--secrets', file, '--secrets-identity', identity];
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  const good = () => fleet.lab.host('good');

  async function xpush(...args: readonly string[]): Promise<CliRun> {
    const { argv, env } = fleet.command(...args);
    const all = { ...env, XDG_STATE_HOME: state };
    return await fleet.lab.run(argv, { env: all, timeoutMs: 50_000 });
  }

  /** The same on a terminal. */
  async function onTerminal(...args: readonly string[]): Promise<CliRun> {
    const { argv, env } = fleet.command(...args);
    const line = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const all = { ...env, XDG_STATE_HOME: state, TERM: 'xterm', SHELL: '/bin/sh' };
    return await fleet.lab.run(['script', '-qfec', line, '/dev/null'], {
      env: all,
      timeoutMs: 50_000,
    });
  }

  function expectNoTrace({ stdout, stderr }: CliRun): void {
    expect([traces(stdout), traces(stderr)], `${stdout}\n${stderr}`).toEqual([[], []]);
  }

  const views: readonly (readonly string[])[] = [
    ['-o', 'plain'],
    ['-o', 'plain', '-v'],
    ['-o', 'plain', '-vv', '--diff'],
    ['-o', 'json', '--diff'],
    ['-o', 'ndjson', '-vv'],
    ['-o', 'junit'],
    ['--check', '--diff', '-o', 'json'],
    ['--check', '-vv'],
  ];

  test('reaches the command whole', async () => {
    const playbook = await fleet.write(
      'sum.yaml',
      tasks([`sha256sum >/run/sum; grep -q ${digest} /run/sum`]),
    );

    const run = await xpush('apply', fleet.file, playbook, '-l', 'good', ...secrets);

    expect(run.code, run.stderr).toBe(0);
    expectNoTrace(run);
  });

  test.each(views)('is in no view of what a command prints: %s %s %s', async (...view) => {
    const words = view.filter((word) => typeof word === 'string');
    const playbook = await fleet.write('prints.yaml', tasks([...shows, 'tee /dev/stderr; exit 3']));
    const page = join(fleet.lab.directory, 'page.html');

    const args = ['apply', fleet.file, playbook, ...secrets, ...words, '--report', page];
    const run = await xpush(...args);

    const isCheck = words.includes('--check');
    expect(run.code, run.stderr).toBe(isCheck ? 3 : 1);
    expectNoTrace(run);
    expect(traces(await readFile(page, 'utf8'))).toEqual([]);
    if (!isCheck) expect(run.stdout + run.stderr).toContain('***');
  });

  test('is not on a terminal', async () => {
    const playbook = await fleet.write('terminal.yaml', tasks([...shows, 'cat; exit 3']));

    for (const view of [[], ['-vv', '--diff']]) {
      expectNoTrace(await onTerminal('apply', fleet.file, playbook, ...secrets, ...view));
    }
  });

  test('is in no other verb, and in no replay of a run', async () => {
    const { stdout } = await xpush('runs', '-o', 'json');
    const ids = [...new Set(stdout.match(/\d{8}-?T?\d{6}[\w-]*/g) ?? [])].slice(0, 4);
    const listed = await xpush('inventory', fleet.file, '--list', ...secrets);

    expect(listed.stdout).toContain('"password": "***"');
    const verbs = [
      ['inventory', fleet.file, '--host', 'good', ...secrets],
      ['inventory', fleet.file, ...secrets],
      ['verify', fleet.file, ...secrets],
      ['facts', fleet.file, '-o', 'json', ...secrets],
      ['remove', 'good', '--check', '--diff'],
      ...ids.map((id) => ['runs', 'show', id, '-o', 'ndjson']),
      ...ids.map((id) => ['runs', 'show', id, '-vv']),
      ['status', fleet.file, '-o', 'json', ...secrets],
    ];
    for (const run of await Promise.all(verbs.map((args) => xpush(...args)))) expectNoTrace(run);
  });

  test('is in no file of the controller', async () => {
    const files = filesIn(fleet.lab.directory).filter((file) => !file.includes('/hosts/'));
    const records = files.filter((file) => file.startsWith(state));

    expect(records.length).toBeGreaterThan(5);
    for (const file of files)
      expect([file, traces(readFileSync(file, 'latin1'))]).toEqual([file, []]);
  });

  test('is in no file of the host once the run has ended', async () => {
    const { stdout } = await good().exec([
      'sh',
      '-c',
      `grep -rlE '${left}|${right}' /etc /root /home /tmp /var /run /dev/shm /srv /opt 2>/dev/null; :`,
    ]);

    expect(stdout).toBe('');
  });

  // CVE-2018-16837, CVE-2020-1739: strace sees every program that is started, with its environment
  test('is in no argument and no environment of any process of the host', async () => {
    const listing = 'for p in /proc/[0-9]*; do cat $p/cmdline $p/environ; done >/run/listing 2>&1';
    const playbook = await fleet.write('seen.yaml', tasks([`${listing}; cat`, 'base64']));
    await good().exec([
      'sh',
      '-c',
      'for p in $(pgrep -x sshd); do set -- "$@" -p "$p"; done; strace -f -v -s 65535 -e trace=execve -o /run/trace "$@" >/dev/null 2>&1 & echo $! >/run/tracer',
    ]);
    await until('strace is attached', async () => {
      const { stdout } = await good().exec([
        'sh',
        '-c',
        'grep -l TracerPid:.*[1-9] /proc/[0-9]*/status',
      ]);
      return stdout !== '';
    });

    const run = await xpush('apply', fleet.file, playbook, '-l', 'good', '-vv', ...secrets);
    await good().exec(['sh', '-c', 'kill $(cat /run/tracer)']);

    expect(run.code, run.stderr).toBe(0);
    expectNoTrace(run);
    const trace = await good().readFile('/run/trace');
    const listed = await good().readFile('/run/listing');
    expect(trace.toString('latin1')).toMatch(/execve\(.*base64/);
    expect(traces(trace.toString('latin1'))).toEqual([]);
    expect(listed.toString('latin1')).toContain('sshd');
    expect(traces(listed.toString('latin1'))).toEqual([]);
  });

  test('is in nothing that an interrupted run says', async () => {
    const playbook = await fleet.write(
      'slow.yaml',
      tasks(['cat; touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done; cat']),
    );
    const { argv, env } = fleet.command(
      ...['apply', fleet.file, playbook, '-l', 'good', '-o', 'ndjson', '-vv', ...secrets],
    );
    const child = fleet.lab.spawn(argv, { env: { ...env, XDG_STATE_HOME: state } });
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const ended = once(child, 'close');
    await until('the command waits', async () => {
      return (await good().exec(['test', '-e', '/run/waiting'])).code === 0;
    });

    child.kill('SIGINT');
    await until('it was heard', async () => said.includes('Interrupted'));
    child.kill('SIGTERM');
    await ended;

    await good().exec(['touch', '/run/go']);
    expect(traces(said)).toEqual([]);
    for (const file of filesIn(state)) expect(traces(readFileSync(file, 'latin1'))).toEqual([]);
  });

  test('that cannot be had is said before any host is contacted', async () => {
    const before = await fleet.logins('good');
    const cases: readonly (readonly [string, readonly string[], string])[] = [
      ['!secret none', secrets, 'has no "none"'],
      ['!secret short', secrets, 'has fewer than 4 characters'],
      ['!secret db', [], 'no file of secrets is given'],
      ['!secret { env: XPUSH_TEST_NOTHING }', [], 'the environment has no XPUSH_TEST_NOTHING'],
      [`!secret { command: [sh, -c, "echo '${left}' >&2; exit 4"] }`, [], 'failed with exit 4'],
      ['!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          00', [], 'Vault password'],
    ];
    for (const [value, options, said] of cases) {
      const playbook = await fleet.write(
        'none.yaml',
        `- hosts: all\n  tasks:\n    - command:\n        argv: [cat]\n        stdin: ${value}\n`,
      );
      const run = await xpush('apply', fleet.file, playbook, '-o', 'json', ...options);

      expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(said)]);
      expect(run.stderr).not.toContain(left);
      expect(JSON.parse(run.stdout)).toMatchObject({ exit: 2 });
    }
    expect(await fleet.logins('good')).toBe(before);
  });

  test('is refused where others would see it', async () => {
    const playbook = await fleet.write(
      'public.yaml',
      `- hosts: all\n  tasks:\n    - command: { argv: [echo, !secret db] }\n    - command: { shell: !secret db }\n    - command: { argv: [id], creates: !secret db }\n`,
    );
    const run = await xpush('apply', fleet.file, playbook, ...secrets);

    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /argv\[1\] takes no secret: the words of a command are public on its/,
    );
    expect(run.stderr).toMatch(/shell takes no secret: .*\n(.*\n)*.*creates takes no secret/);
  });
});
