import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const { PATH = '' } = process.env;
const root = join(import.meta.dirname, '../..');
const inventory = 'inventory/webserv.yaml';
const home = mkdtempSync(join(tmpdir(), 'xpush-home-'));
afterAll(() => rmSync(home, { recursive: true }));

/** The real program, with an environment of its own and nobody at a terminal. */
function xpush(args: readonly string[], environment: Record<string, string> = {}, input = '') {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin/xpush'), args, {
    cwd: root,
    encoding: 'utf8',
    input,
    env: { PATH, HOME: home, ...environment },
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

describe('xpush', () => {
  test.each<[string, string]>([
    ['', 'xpush: a command is needed\n  hint: see xpush --help\n'],
    ['aply x', 'xpush: there is no command "aply"\n  hint: did you mean "apply"?\n'],
    ['apply', 'xpush: <inventory> is missing\n  hint: see xpush apply --help\n'],
    ['apply x --chek', 'xpush: unknown option or argument "chek"\n  hint: did you mean "check"?\n'],
    ['apply --chek x', 'xpush: unknown option or argument "chek"\n  hint: did you mean "check"?\n'],
    [
      'apply x --no-check',
      'xpush: unknown option or argument "no-check"\n  hint: see xpush apply --help\n',
    ],
    ['apply x -l', 'xpush: --limit needs a value\n  hint: see xpush apply --help\n'],
    ['apply x --forks', 'xpush: --forks needs a value\n  hint: see xpush apply --help\n'],
    ['apply x --forks abc', 'xpush: --forks: "abc" is no whole number from 1\n'],
    ['apply x --forks 0', 'xpush: --forks: "0" is no whole number from 1\n'],
    ['apply x -l a -l b', 'xpush: --limit is given more than once\n'],
    ['apply x --limit', 'xpush: --limit needs a value\n  hint: see xpush apply --help\n'],
    ['apply x --check=yes', 'xpush: --check=yes: a flag takes no value\n  hint: write --check\n'],
    ['apply x -C=1', 'xpush: -C=1: a flag takes no value\n  hint: write --check\n'],
    ['apply x -o yaml', 'xpush: --output: "yaml" is none of auto, plain, json, ndjson, junit\n'],
    [
      'apply x --host-key-checking no',
      'xpush: --host-key-checking: "no" is none of strict, accept-new\n',
    ],
    ['apply x --transport ssh', 'xpush: --transport: "ssh" is none of ssh2, openssh, local\n'],
    [
      `apply ${inventory} --check --transport local`,
      'xpush: --transport local is for one host, and 2 are chosen: all of it would be done to this machine\n  hint: choose it with --limit, or write transport: local in its ssh in the inventory\n',
    ],
    ['steps sysctll', 'xpush: there is no step "sysctll"\n  hint: did you mean "sysctl"?\n'],
    [
      `inventory ${inventory} --list --host webserv`,
      'xpush: give one of --list, --graph and --host\n',
    ],
    [
      `inventory ${inventory} --host webser`,
      'xpush: the inventory has no host "webser"\n  hint: did you mean "webserv"?\n',
    ],
  ])('%s is wrong, and says what would be right', (line, stderr) => {
    const result = xpush(line.split(' ').filter((word) => word !== ''));

    expect(result).toEqual({ status: 2, stdout: '', stderr });
  });

  test('a misspelt option never runs anything', () => {
    // the inventory does not exist: had anything run, that would have been said
    expect(xpush(['apply', 'nowhere.yaml', '--chek']).stderr).not.toContain('nowhere');
  });

  test('options come from the environment, and the command line goes before it', () => {
    const fromEnvironment = xpush(['apply', inventory], { XPUSH_FORKS: 'none' });
    const given = xpush(['apply', inventory, '--forks=0'], { XPUSH_FORKS: 'none' });
    const oddFlag = xpush(['apply', inventory], { XPUSH_CHECK: 'yes' });

    expect(fromEnvironment.stderr).toBe('xpush: --forks: "none" is no whole number from 1\n');
    expect(given.stderr).toBe('xpush: --forks: "0" is no whole number from 1\n');
    expect(oddFlag).toMatchObject({ status: 2 });
  });

  test('errors in files are all said at once, with places; nothing is contacted', () => {
    const result = xpush(
      ['apply', '-', '-o', 'json'],
      {},
      'dom0: { xen1: { adress: 10.0.0.1 } }\nhosts: { "bad name": {} }\n',
    );

    expect(result.status).toBe(2);
    expect(result.stderr).toContain('<stdin>:1:17: unknown key "adress"');
    expect(result.stderr).toContain('2 errors; nothing was contacted.');
    const document = JSON.parse(result.stdout);
    expect(document).toMatchObject({ schema: 1, exit: 2 });
    expect(document.errors).toHaveLength(2);
    expect(document.errors[0]).toMatchObject({ line: 1, column: 17 });
  });

  test('the errors of playbooks are said with those of the inventory', () => {
    const { status, stderr } = xpush(['apply', '-', '/nowhere.yaml'], {}, 'hosts: { "a b": {} }');

    expect(status).toBe(2);
    expect(stderr).toContain('<stdin>:1:10: "a b" is not a host name');
    expect(stderr).toContain('/nowhere.yaml: no such playbook');
  });

  test('an inventory can come on standard input', () => {
    const result = xpush(['inventory', '-', '--list'], {}, 'hosts: { one: {} }');

    expect(JSON.parse(result.stdout).hosts.one).toMatchObject({ kind: 'host', address: 'one' });
  });

  test('an endless standard input is too large', () => {
    const { stderr } = spawnSync(
      '/bin/sh',
      ['-c', `yes 2>/dev/null | timeout -s KILL 10 ${join(root, 'bin/xpush')} inventory -`],
      { cwd: root, encoding: 'utf8', timeout: 20_000 },
    );

    expect(stderr).toBe('<stdin>:1:1: the text is larger than 10 MB\n');
  });

  test.each(['--help', 'apply --help', 'inventory --help', 'steps --help'])(
    '%s fits into 80 columns',
    (line) => {
      const { status, stdout } = xpush(line.split(' '));

      expect(status).toBe(0);
      expect(stdout).toContain('xpush');
      for (const text of stdout.split('\n')) expect(text.length).toBeLessThanOrEqual(80);
    },
  );

  test.each(['steps', `inventory ${inventory} --list`])(
    'a reader that goes away ends %s quietly',
    (line) => {
      const { stderr } = spawnSync('/bin/sh', ['-c', `${join(root, 'bin/xpush')} ${line} | true`], {
        cwd: root,
        encoding: 'utf8',
      });

      expect(stderr).toBe('');
    },
  );

  test('a full disk is told in a sentence', () => {
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', `${join(root, 'bin/xpush')} steps >/dev/full`],
      { cwd: root, encoding: 'utf8' },
    );

    expect(stderr).toMatch(/^xpush: the output cannot be written: ENOSPC.*\n$/);
    expect(status).toBe(1);
  });

  test.each([
    ['a mistake', 'steps --nonsense', 2],
    ['a host that is off', 'import 127.0.0.1 -F /dev/null', 3],
  ])('nobody to read errors changes nothing of the exit code: %s', (_, line, code) => {
    for (const gone of ['2>/dev/full', '2>&-']) {
      const { status } = spawnSync(
        '/bin/sh',
        ['-c', `${join(root, 'bin/xpush')} ${line} ${gone}`],
        {
          cwd: root,
        },
      );

      expect(status).toBe(code);
    }
  });

  test('what the OpenSSH configuration says that is not followed is a warning', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xpush-cli-'));
    const config = join(folder, 'config');
    writeFileSync(config, 'Host *\n  StrictHostKeyChecking no\n  IdentityFile none\n');

    const { status, stdout, stderr } = xpush(
      ['apply', '-', '-C', '-F', config],
      {},
      'dom0: { xen1: { address: 127.0.0.1, ssh: { port: 1 } } }',
    );
    rmSync(folder, { recursive: true });

    expect(stderr).toBe('');
    expect(stdout).toContain(`warning: StrictHostKeyChecking no of ${config}:2 is not followed`);
    expect(status).toBe(3);
  });

  test.each(['-F', '-i'])('a file of %s that is not there is a mistake of the user', (option) => {
    const { status, stderr } = xpush(['apply', inventory, '-C', option, '/nowhere']);

    expect(stderr).toMatch(/^there is no (OpenSSH config|key file) \/nowhere\n/);
    expect(status).toBe(2);
  });

  const hostile = 'x\x1b]0;t\x07\x9b31m\u202e\ny';

  test.each<readonly string[]>([
    [hostile],
    ['apply', 'x.yaml', `--${hostile}`],
    ['apply', 'x.yaml', hostile, '-o', hostile],
    ['apply', 'x.yaml', `--check=${hostile}`],
    ['apply', 'x.yaml', '--forks', hostile],
    ['apply', 'x.yaml', '--host-key-checking', hostile],
    ['apply', 'x.yaml', '-C', '-i', hostile],
    ['apply', 'x.yaml', '-C', '-F', hostile],
    ['apply', inventory, '-C', '-l', hostile],
    ['apply', hostile],
    ['inventory', inventory, '--host', hostile],
    ['steps', hostile],
  ])('says nothing that a terminal obeys: %j %j %j %j', (...args) => {
    const { status, stdout, stderr } = xpush(args);

    expect(status).toBe(2);
    expect(stdout + stderr).toMatch(/^[\n\x20-\x7e]+$/);
  });

  test('says nothing that a terminal obeys of the environment either', () => {
    const { stderr } = xpush(['apply', inventory], { XPUSH_OUTPUT: hostile, XPUSH_USER: hostile });

    expect(stderr).toMatch(/^xpush: --output: [\n\x20-\x7e]+$/);
  });

  test('a key with an odd name that has a passphrase is named without its controls', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xpush-cli-'));
    const key = join(folder, 'k\x1b[31m\u202e');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', key]);

    const { status, stderr } = xpush(['apply', inventory, '-C', '-F', 'none', '-i', key]);
    rmSync(folder, { recursive: true });

    expect(status).toBe(2);
    expect(stderr).toMatch(/^[\n\x20-\x7e]+$/);
    expect(stderr).toContain('has a passphrase');
  });

  test('JSON of an inventory has no character that hides or moves others, and is still the same', () => {
    const vars = { a: '\u202e\u200b', b: '\u2028', c: '\u{e0001}', d: 'ä漢🐚' };

    const { stdout } = xpush(
      ['inventory', '-', '--list'],
      {},
      `hosts: { h: { vars: ${JSON.stringify(vars)} } }`,
    );

    expect(stdout).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(stdout).hosts.h.vars).toEqual(vars);
  });

  test('of a thousand errors a hundred are said and all are counted', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `  "a b${index}": {}\n`).join('');

    const { stderr } = xpush(['inventory', '-'], {}, `hosts:\n${names}`);

    expect(stderr.match(/is not a host name/g)).toHaveLength(100);
    expect(stderr).toContain('... and 900 more\n1000 errors; nothing was contacted.\n');
  });

  test.each<[readonly string[], Record<string, string>]>([
    [['-o', 'json'], {}],
    [['-ojson'], {}],
    [['--output=ndjson'], {}],
    [['-o', 'json'], { XPUSH_OUTPUT: 'plain' }],
    [[], { XPUSH_OUTPUT: 'json' }],
  ])('errors are a document for %j and %j', (args, environment) => {
    const { stdout } = xpush(['apply', 'nowhere.yaml', ...args], environment);

    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, exit: 2 });
  });

  test('interrupts end a run whose output nobody reads', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const hosts = Array.from({ length: 3000 }, (_, index) => `${'host'.repeat(12)}-${index}`);
    const text = JSON.stringify({
      ssh: { port, connect_timeout: 60 },
      hosts: {
        first: { address: '127.0.0.1' },
        ...Object.fromEntries(hosts.map((name) => [name, {}])),
      },
    });
    const folder = mkdtempSync(join(tmpdir(), 'xpush-cli-'));
    writeFileSync(join(folder, 'inventory.yaml'), text);
    writeFileSync(
      join(folder, 'playbook.yaml'),
      '- { hosts: all, tasks: [{ command: { changes: always, shell: id } }] }',
    );
    const child = spawn(
      join(root, 'bin/xpush'),
      ['apply', 'inventory.yaml', 'playbook.yaml', '-F', 'none', '-f', '1', '-o', 'ndjson'],
      { cwd: folder, env: { PATH, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const ended = once(child, 'exit');
    await once(silent, 'connection'); // its listeners are there by now
    const started = performance.now();
    // two that come too close together are one to the kernel
    const again = setInterval(() => child.kill('SIGINT'), 300);
    const [code, signal] = await ended;
    clearInterval(again);
    silent.close();
    rmSync(folder, { recursive: true });

    expect([code, signal]).toEqual([null, 'SIGINT']); // 130 to a shell
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});
