import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, type JsonRun, statuses } from './fleet.ts';

/** Two Xen pairs and fifty plain machines. */
const inventoryText = `
networks:
  lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }
dom0:
  xen1: { address: 10.0.0.2 }
  xen2: { address: 10.0.0.3 }
domU:
  web: { dom0: xen1, network_config: ifupdown, vifs: [{ ip: 10.0.0.20 }] }
  mail: { dom0: xen1, network_config: ifupdown, vifs: [{ ip: 10.0.0.21 }] }
  news: { dom0: xen2, network_config: ifupdown, vifs: [{ ip: 10.0.0.30 }, { ip: 10.0.0.31 }] }
hosts:
  "h[01:50]": { address: "10.0.0.[101:150]" }
groups:
  plain: ["h[01:50]"]
ssh: { connect_timeout: 3 }
`;
const machines = Array.from({ length: 50 }, (_, n) => `h${String(n + 1).padStart(2, '0')}`);
const dead = 'h07';
const impostor = 'h23';
const broken = 'h42';

const plainPlaybook = `
- name: Plain machines
  hosts: plain
  tasks:
    - sysctl: { name: net.ipv4.tcp_syncookies, value: 1 }
    - name: Is it whole
      command: { shell: "test ! -e /etc/broken || { echo /etc/broken is there >&2; exit 3; }", creates: /etc/checked }
    - name: Checked
      command: { argv: [touch, /etc/checked], creates: /etc/checked }
`;

const describe = await labDescribe();

describe('a run over hosts of which some can’t be done', () => {
  let fleet: Fleet;
  let playbook: string;
  let knownHosts: string;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
    playbook = await fleet.write('plain.yaml', plainPlaybook);
    knownHosts = await readFile(fleet.lab.knownHosts, 'utf8');
    await fleet.lab.host(dead).stop();
    await fleet.lab.host(broken).writeFile('/etc/broken', '');
    await rewriteKey(impostor, fleet.lab.host('h01').hostKey);
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  /** Gives a host another key in known_hosts; null: none. */
  async function rewriteKey(name: string, key: string | null): Promise<void> {
    const { addresses, hostKey } = fleet.lab.host(name);
    const line = `${name},${addresses.join(',')} ${hostKey}\n`;
    expect(knownHosts).toContain(line);
    const other = key === null ? '' : `${name},${addresses.join(',')} ${key}\n`;
    await writeFile(fleet.lab.knownHosts, knownHosts.replace(line, other));
  }

  const run = (...args: readonly string[]): Promise<JsonRun> => fleet.apply(playbook, ...args);

  test('50 hosts: one dead, one with another key, one failing; the other 47 are done', async () => {
    const { code, document } = await run();

    expect(code).toBe(1);
    expect(document.exit).toBe(1);
    expect(document.recap).toMatchObject({ changed: 47, failed: 1, unreachable: 2, skipped: 0 });
    expect(statuses(document)).toEqual({
      ...Object.fromEntries(machines.map((name) => [name, 'changed'])),
      [dead]: 'unreachable',
      [impostor]: 'unreachable',
      [broken]: 'failed',
    });
    const failed = hostIn(document, broken);
    expect(failed.error?.message).toContain('/etc/broken is there');
    expect(failed.tasks.map(({ status }) => status)).toEqual(['changed', 'failed', 'skipped']);
    await expect(fleet.lab.host('h50').readFile('/etc/checked')).resolves.toBeDefined();
    await expect(fleet.lab.host(impostor).readFile('/etc/checked')).rejects.toThrow();
  });

  test('the second time only those are left, and --limit names some of them', async () => {
    const { document } = await run();

    expect(document.recap).toMatchObject({ ok: 47, changed: 0, failed: 1, unreachable: 2 });
  });

  test.each([
    ['h01', 0],
    [`h01,${broken}`, 1],
    [`h01,${dead}`, 3],
    [impostor, 3],
    [`plain:!${dead}:!${impostor}:!${broken}`, 0],
  ])('--limit %s: the worst host decides, exit %d', async (limit, exit) => {
    const { code, document } = await run('--limit', limit);

    expect(code).toBe(exit);
    expect(document.exit).toBe(exit);
  });

  test('a limit that names nothing is exit 2 with the nearest name, and nothing is contacted', async () => {
    const before = await fleet.logins('h01');

    const { code, stdout } = await fleet.xpush(
      'apply',
      fleet.file,
      playbook,
      '-o',
      'json',
      '-l',
      'h01,plian',
    );

    expect(code).toBe(2);
    const { errors } = JSON.parse(stdout);
    expect(errors).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('plian'),
        hint: expect.stringContaining('plain'),
      }),
    ]);
    expect(await fleet.logins('h01')).toBe(before);
  });

  test('a changed key is told with both fingerprints, the file and the line', async () => {
    const { document } = await run('--limit', impostor);

    const lines = (await readFile(fleet.lab.knownHosts, 'utf8')).split('\n');
    const line = lines.findIndex((each) => each.startsWith(`${impostor},`)) + 1;
    const { message, hint } = hostIn(document, impostor).error ?? { message: '', hint: '' };
    const said = `${message}\n${hint}`;
    expect(said.match(/SHA256:[A-Za-z0-9+/]{43}/g)).toHaveLength(2);
    expect(said).toContain(`${fleet.lab.knownHosts}:${line}`);
  });

  test('an unknown key is refused, accepted on request, and known from then on', async () => {
    await rewriteKey(impostor, null);
    const refused = await run('--limit', impostor);
    const accepted = await run('--limit', impostor, '--host-key-checking', 'accept-new');
    const strict = await run('--limit', impostor);

    expect([refused.code, accepted.code, strict.code]).toEqual([3, 0, 0]);
    const { message, hint } = hostIn(refused.document, impostor).error ?? { message: '', hint: '' };
    expect(`${message}\n${hint}`).toMatch(/SHA256:[A-Za-z0-9+/]{43}.* accept-new$/s);
  });

  test('the guests of a dom0 that failed are skipped with the reason, and other pairs go on', async () => {
    await fleet.lab.host('xen1').exec(['rm', '/etc/xen/web.cfg']);

    const { code, document } = await fleet.apply();

    expect(code).toBe(1);
    expect(statuses(document)).toEqual({
      xen1: 'failed',
      xen2: 'changed',
      web: 'skipped',
      mail: 'skipped',
      news: 'changed',
    });
    expect(hostIn(document, 'mail').error?.message).toBe('its dom0 xen1 failed');
    expect(hostIn(document, 'xen1').error?.message).toContain('/etc/xen/web.cfg');
  });

  test('the guests of a dom0 that is off are skipped too; with --limit to the guest it is taken as done', async () => {
    await fleet.lab.host('xen1').stop();

    const { code, document } = await fleet.apply('--limit', 'xen1,domU@xen1,news');
    const guestOnly = await fleet.apply('--limit', 'web');

    expect(code).toBe(3);
    expect(statuses(document)).toEqual({
      xen1: 'unreachable',
      web: 'skipped',
      mail: 'skipped',
      news: 'ok',
    });
    expect(hostIn(document, 'web').error?.message).toBe('its dom0 xen1 was unreachable');
    expect(guestOnly.code).toBe(3);
    expect(statuses(guestOnly.document)).toEqual({ web: 'unreachable' });
    expect(guestOnly.stderr).toContain('xen1 is not part of this run');
  });
});
