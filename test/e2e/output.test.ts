import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { type CliRun, documentOf, Fleet, shippedInventory } from './fleet.ts';

/** Begins every sequence that a terminal obeys. */
const escapeByte = '\x1b';

/** Three plain machines that print what would clear a terminal, and change the same thing. */
const hostileInventory = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:3]": { address: "192.168.0.[101:103]" }
`;
const hostilePlaybook = `
- name: Hostile
  hosts: all
  tasks:
    - sysctl: { name: net.ipv4.conf.eth0.shared_media, value: 0 }
    - name: Prints
      command: { changes: always, shell: "printf 'a\\\\033[2Jb\\\\007\\\\233c\\\\r'; hostname" }
    - name: Fails on two
      command: { changes: always, shell: "test $(hostname) = h1 || { printf '\\\\033]0;owned\\\\007' >&2; exit 1; }" }
`;

const keys = (value: object | undefined): readonly string[] => Object.keys(value ?? {});

const describe = await labDescribe();

describe('the output of apply', () => {
  let fleet: Fleet;
  let first: CliRun;

  beforeAll(async () => {
    fleet = await Fleet.start(await shippedInventory('two-guests'));
    first = await fleet.xpush('apply', fleet.file, '-o', 'json', '--diff');
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  test('-o json is one document on standard output, with the keys of the contract', () => {
    const document = documentOf(first);

    expect(keys(document)).toEqual([
      'schema',
      'xpush',
      'check',
      'exit',
      'seconds',
      'hosts',
      'recap',
    ]);
    expect(document).toMatchObject({ schema: 1, xpush: '0.1.0', check: false, exit: 0 });
    expect(keys(document.hosts)).toEqual(['xen1', 'webserv', 'mail']);
    expect(keys(document.recap)).toEqual([
      'ok',
      'changed',
      'failed',
      'unreachable',
      'rolled_back',
      'needs_human',
      'busy',
      'skipped',
    ]);
    for (const host of Object.values(document.hosts)) {
      expect(keys(host)).toEqual(['kind', 'status', 'error', 'tasks']);
      expect(host.tasks.length).toBeGreaterThan(2);
      for (const task of host.tasks) {
        expect(keys(task)).toEqual([
          'play',
          'task',
          'step',
          'status',
          'pending',
          'changes',
          'message',
        ]);
        for (const change of task.changes) {
          expect([
            ['kind', 'path', 'diff'],
            ['kind', 'subject', 'diff'],
          ]).toContainEqual(keys(change));
          expect(change.diff).toMatch(/^--- /);
        }
      }
    }
    expect(first.stderr).toContain('Recap');
  });

  test('the diffs of a file and of live state say what was there and what is', () => {
    const { hosts } = documentOf(first);
    const diffOf = (host: string, step: string, what: string): string =>
      hosts[host]?.tasks
        .find((task) => task.step === step)
        ?.changes.find((change) => ('path' in change ? change.path : change.subject).includes(what))
        ?.diff ?? '';

    expect(diffOf('xen1', 'vif_config', '/etc/xen/webserv.cfg')).toMatch(
      /^-vif {5}= \[ 'mac=de:ad:be:ef:00:00, ip=192\.168\.0\.200',$/m,
    );
    expect(diffOf('xen1', 'firewall', 'iptables')).toMatch(/^\+-A XPUSH-FWD /m);
    expect(diffOf('xen1', 'sysctl', 'ip_forward')).toMatch(
      /^-net\.ipv4\.ip_forward = 0\n\+net\.ipv4\.ip_forward = 1$/m,
    );
    expect(diffOf('webserv', 'ip_rules', '')).toMatch(/^\+.*from 192\.168\.0\.201.* 17$/m);
  });

  test('without --diff no change has one', async () => {
    await fleet.lab.host('xen1').exec(['rm', '/etc/sysctl.d/60-xpush.conf']);

    const { document } = await fleet.mustApply('--check');

    const changes = Object.values(document.hosts).flatMap(({ tasks }) =>
      tasks.flatMap((task) => task.changes),
    );
    expect(changes).toEqual([{ kind: 'write', path: '/etc/sysctl.d/60-xpush.conf' }]);
  });

  test('--check --exit-code is 10 while something would change or is unknown, else 0; without either, 0', async () => {
    const command = await fleet.write(
      'command.yaml',
      '- hosts: xen1\n  tasks: [{ command: { changes: always, argv: ["true"] } }]\n',
    );
    await fleet.lab.host('xen1').exec(['rm', '-f', '/etc/sysctl.d/60-xpush.conf']);

    const pending = await fleet.apply('--check', '--exit-code');
    const plain = await fleet.apply('--check');
    await fleet.mustApply('--exit-code');
    const converged = await fleet.apply('--check', '--exit-code');
    const unknown = await fleet.apply(command, '--check', '--exit-code');

    expect([pending.code, plain.code, converged.code, unknown.code]).toEqual([10, 0, 0, 10]);
    expect(unknown.document.hosts).toMatchObject({ xen1: { tasks: [{ status: 'unknown' }] } });
    expect(pending.document.exit).toBe(10);
  });

  test('-o ndjson is events, one a line, the last of them with the document', async () => {
    const { stdout, code } = await fleet.xpush('apply', fleet.file, '-o', 'ndjson');
    const { document } = await fleet.mustApply();

    expect(code).toBe(0);
    expect(stdout.endsWith('\n')).toBe(true);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): { event: string; document?: object } => JSON.parse(line));
    const kinds = events.map(({ event }) => event);
    expect(kinds[0]).toBe('run_start');
    expect(kinds.filter((kind) => kind === 'host_start')).toHaveLength(3);
    expect(kinds.filter((kind) => kind === 'host_end')).toHaveLength(3);
    expect(kinds.filter((kind) => kind === 'task')).toHaveLength(
      Object.values(document.hosts).flatMap(({ tasks }) => tasks).length,
    );
    expect(kinds.filter((kind) => kind === 'run_end')).toHaveLength(1);
    const last = events.at(-1);
    expect(last?.event).toBe('run_end');
    expect({ ...last?.document, seconds: 0 }).toEqual({ ...document, seconds: 0 });
  });

  test('-o plain is a line for each host as it ends, the recap, and no escapes', async () => {
    const { stdout, stderr } = await fleet.xpush('apply', fleet.file, '-o', 'plain');

    expect(stdout).not.toContain(escapeByte);
    expect(stdout).toMatch(/^xen1 +ok /m);
    expect(stdout).toMatch(/^webserv +ok /m);
    expect(stdout).toMatch(/^mail +ok /m);
    expect(stdout.indexOf('xen1 ')).toBeLessThan(stdout.indexOf('webserv '));
    expect(stdout).toContain('Recap: 3 hosts');
    expect(stderr).toBe('');
  });
});

describe('what hosts print', () => {
  test.each([
    ['plain', []],
    ['plain', ['-v', '--diff']],
    ['json', ['-v', '--diff']],
    ['ndjson', ['-vv', '--diff']],
  ] as const)(
    'reaches -o %s %j without a control character, and what is the same is shown once',
    async (form, more) => {
      await using fleet = await Fleet.start(hostileInventory);
      const playbook = await fleet.write('hostile.yaml', hostilePlaybook);

      const run = await fleet.xpush('apply', fleet.file, playbook, '-o', form, ...more);

      const output = run.stdout + run.stderr;
      expect(run.code, output).toBe(1);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
      const people = form === 'plain' ? run.stdout : run.stderr;
      expect(people).toMatch(/^failed on 2 hosts: h\d, h\d\n.*\n {2}\\x1b\]0;owned\\x07$/m);
      expect(
        people.match(/^net\.ipv4\.conf\.eth0\.shared_media: the same 2-line diff on 3 hosts/gm)
          ?.length,
      ).toBe(more.length === 0 ? undefined : 1);
    },
  );
});

describe('exit 2', () => {
  test('prints its errors as JSON on standard output and in words on standard error; nothing is contacted', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const bad = await fleet.write(
      'bad.yaml',
      (await shippedInventory('webserv'))
        .replace('uplink: eth0', 'uplnik: eth0')
        .replace('.202', '.201'),
    );

    const run = await fleet.xpush('apply', bad, '-o', 'json');
    const usage = await fleet.xpush('apply', fleet.file, '--chek', '-o', 'json');
    const badPlaybook = await fleet.xpush(
      'apply',
      fleet.file,
      await fleet.write('p.yaml', '- hosts: nobody\n  tasks: [{ firewal: }]\n'),
      '-o',
      'ndjson',
    );

    expect([run.code, usage.code, badPlaybook.code]).toEqual([2, 2, 2]);
    const document = JSON.parse(run.stdout);
    expect(keys(document)).toEqual(['schema', 'exit', 'errors']);
    expect(document).toMatchObject({ schema: 1, exit: 2 });
    expect(document.errors.length).toBeGreaterThanOrEqual(2);
    for (const error of document.errors) {
      expect(keys(error)).toEqual(['file', 'line', 'column', 'message', 'hint']);
      expect(error).toMatchObject({
        file: bad,
        line: expect.any(Number),
        column: expect.any(Number),
      });
    }
    expect(run.stderr).toContain('uplnik');
    expect(run.stderr).toContain('^');
    expect(JSON.parse(usage.stdout).errors).toMatchObject([
      { file: null, line: null, column: null },
    ]);
    expect(JSON.parse(badPlaybook.stdout).errors.length).toBeGreaterThanOrEqual(1);
    expect(await fleet.lab.host('xen1').exec(['cat', '/var/log/sshd.log'])).toMatchObject({
      stdout: expect.not.stringContaining('Connection'),
    });
  });
});
