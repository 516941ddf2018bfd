import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isOpaque } from '../../src/host/change.ts';
import {
  ControllerFiles,
  ControllerTemplate,
  smallFile,
} from '../../src/steps/controller-files.ts';
import { printing } from '../../src/steps/host-script.ts';
import { steps } from '../../src/steps/index.ts';
import { parametersOf } from '../../src/steps/parameters.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const root = join(import.meta.dirname, '../..');
const definitions = readdirSync(join(root, 'src/steps')).filter((name) =>
  /^export const \w+ = defineStep\(\{/m.test(readFileSync(join(root, 'src/steps', name), 'utf8')),
);

const file = smallFile('/site/hello', 0o644, Buffer.from('hello\n'));
const scriptFile = new ControllerFiles('hello', { type: 'file', name: 'hello', file });
const templateFile = new ControllerTemplate('hello', { type: 'file', name: 'hello', file });
templateFile.render('hello\n');

const directoryEntry = {
  ...{ type: 'directory', mode: 0o755, uid: 0, gid: 0, owner: 'root', group: 'root' },
  ...{ size: 4096, mtimeSeconds: 0, links: 2, inode: 2, target: null },
};

/** A host of its kind, parameters and answers with which each step has something to do. */
const examples: Readonly<Record<string, readonly [string, unknown, Record<string, unknown>?]>> = {
  vif_config: ['xen1', {}, { 'file:/etc/xen/webserv.cfg': fileOf('name = "webserv"\n') }],
  vif_routes: ['xen6', {}, { 'file:/etc/xen/scripts/vif-route': fileOf('call_hooks vif post\n') }],
  firewall: ['xen1', {}],
  sysctl: ['xen1', {}],
  iftab: ['webserv', {}],
  interfaces: ['webserv', {}],
  rt_tables: ['webserv', {}],
  ip_rules: ['webserv', {}],
  copy: [
    'plain',
    { content: 'hello\n', dest: '/etc/motd' },
    { 'file:/etc': { type: 'directory' } },
  ],
  file: ['plain', { path: '/srv/a', state: 'directory', owner: 'daemon' }],
  get_url: [
    'plain',
    { url: 'http://web/a', dest: '/srv/a', checksum: `sha256:${'0'.repeat(64)}` },
    { 'entry:L:/srv': directoryEntry },
  ],
  git: [
    'plain',
    { repo: 'https://git/a', dest: '/srv/a', version: 'f'.repeat(40) },
    { output: printing('absent\n') },
  ],
  archive: ['plain', { path: ['/srv/a'], dest: '/srv/a.tar' }, { output: printing('absent\n') }],
  unarchive: [
    'plain',
    {
      ...{ name: 'hello.tar', dest: '/srv' },
      src: new ControllerFiles('hello.tar', { type: 'file', name: 'hello.tar', file }),
    },
    { 'entry:L:/srv': directoryEntry },
  ],
  uri: ['plain', { url: 'http://web/a', method: 'POST' }],
  lineinfile: ['plain', { path: '/etc/app', line: 'a' }, { 'file:/etc/app': fileOf('') }],
  blockinfile: ['plain', { path: '/etc/app', block: 'a' }, { 'file:/etc/app': fileOf('') }],
  replace: ['plain', { path: '/etc/app', regexp: 'a' }, { 'file:/etc/app': fileOf('a') }],
  ini: ['plain', { path: '/etc/app', section: 'a' }, { 'file:/etc/app': fileOf('') }],
  hosts_entry: ['plain', { ip: '10.0.0.1', names: 'a' }, { 'file:/etc/hosts': fileOf('') }],
  known_hosts: [
    'plain',
    { name: 'a', state: 'absent' },
    { 'file:/etc/ssh/ssh_known_hosts': fileOf('a ssh-ed25519 AAAA\n') },
  ],
  authorized_key: [
    'plain',
    {
      ...{ user: 'a', path: '/etc/keys/a' },
      key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVCp+BV1F3KQbB1Qe0nUbmHFo0tnqnsZbfM4hRHwwDF',
    },
    { 'file:/etc/keys': { type: 'directory' } },
  ],
  limits: [
    'plain',
    { domain: '*', limit_type: 'hard', limit_item: 'core', value: '0' },
    { 'file:/etc/security/limits.d': { type: 'directory' } },
  ],
  cron: [
    'plain',
    { name: 'a', job: 'b', cron_file: 'c' },
    { 'file:/etc/cron.d': { type: 'directory' } },
  ],
  hostname: ['plain', { name: 'a' }, { 'file:/etc/hostname': fileOf('b\n') }],
  timezone: ['plain', { name: 'UTC' }, { 'file:/usr/share/zoneinfo/UTC': fileOf('TZif2') }],
  mount: [
    'plain',
    { path: '/srv', state: 'mounted', src: '/dev/sda1', fstype: 'ext4' },
    { output: printing('\n'), 'file:/etc/fstab': fileOf('') },
  ],
  modprobe: ['plain', { name: 'nbd' }, { output: printing('available\n') }],
  locale: [
    'plain',
    { name: 'de_DE.UTF-8' },
    { output: printing('C\n'), 'file:/etc/locale.gen': fileOf('# de_DE.UTF-8 UTF-8\n') },
  ],
  command: ['plain', { argv: ['true'] }],
  shell: ['plain', { cmd: 'true', executable: '/bin/sh' }],
  raw: ['plain', { cmd: 'true' }],
  script: ['plain', { src: scriptFile, args: [] }],
  template: [
    'plain',
    { src: templateFile, dest: '/etc/motd' },
    { 'file:/etc': { type: 'directory' } },
  ],
  reboot: ['plain', { reboot_timeout: 1, reboot_command: 'true' }],
  xl: ['xen1', { name: 'other', state: 'running', wait: 1 }],
  package: ['plain', { name: ['vim'] }, { output: printing('manager apt\n[installed]\n') }],
  service: [
    'plain',
    { name: 'cron', state: 'started' },
    { output: printing('Manager=systemd\nLoadState=loaded\n') },
  ],
  user: [
    'plain',
    { name: 'ann' },
    {
      ...{ 'file:/etc/passwd': fileOf(''), 'file:/etc/group': fileOf('') },
      output: printing('Shadow=missing\n'),
    },
  ],
  group: [
    'plain',
    { name: 'ann' },
    { 'file:/etc/passwd': fileOf(''), 'file:/etc/group': fileOf('') },
  ],
  apt_repository: [
    'plain',
    { name: 'a', uris: ['https://a'], suites: ['./'], components: [] },
    { 'file:/etc/apt/sources.list.d': { type: 'directory' } },
  ],
  systemd_unit: [
    'plain',
    { name: 'a.service', content: '[Service]\nExecStart=/bin/true\n' },
    {
      'file:/etc/systemd/system': { type: 'directory' },
      output: printing('Manager=systemd\nLoadState=not-found\n'),
    },
  ],
  timer: [
    'plain',
    { name: 'a', argv: ['/bin/true'], on_boot: '1h' },
    { output: printing('Manager=systemd\nLoadState=not-found\n') },
  ],
};

/** Those that only look, tell and wait. */
const changeNothing = new Set([
  'stat',
  'find',
  'slurp',
  'fetch',
  'debug',
  'assert',
  'fail',
  'set_fact',
  'add_host',
  'group_by',
  'wait_for',
  'pause',
]);

describe('steps', () => {
  test('are all in the registry', () => {
    expect(steps.map(({ name }) => `${name.replaceAll('_', '-')}.ts`).sort()).toEqual(
      definitions.sort(),
    );
  });

  describe.each(steps.map((step) => [step.name, step] as const))('%s', (name, step) => {
    const page = name.replaceAll('_', '-');

    test('has a test and a page', () => {
      expect(existsSync(join(root, `test/steps/${page}.test.ts`))).toBe(true);
      expect(existsSync(join(root, `docs/steps/${page}.md`))).toBe(true);
    });

    test('describes itself and each of its parameters', () => {
      expect(step.summary).toMatch(/^[A-Z].*\.$/);
      for (const { description } of parametersOf(step)) expect(description).toMatch(/^[A-Z].*\.$/);
    });

    if (changeNothing.has(name)) return;
    test('plans, and finds nothing to do in the world that it predicts', () => {
      const [host, params, answers] = examples[name] ?? ['', {}];

      const { first, second } = planTwice(bind(step, host, params), answers);

      const changes = 'refusal' in first ? [] : first.changes;
      expect(changes.length).toBeGreaterThan(0);
      if (!changes.some(isOpaque)) expect(second).toMatchObject({ changes: [] });
    });
  });
});
