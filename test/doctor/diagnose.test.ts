import { beforeAll, describe, expect, test } from 'vitest';
import type { Contact } from '../../src/connection/contact.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { Answered, Finding, Visit } from '../../src/doctor/model.ts';
import { lackOfTools } from '../../src/doctor/needed-tools.ts';
import type { Disk, HostCondition } from '../../src/host/condition.ts';
import { query } from '../../src/host/query.ts';
import type { Host } from '../../src/inventory/model.ts';
import { hostsOf, visitOf, wellAnswers, wellContact } from './seen.ts';

let host: Host;
beforeAll(async () => {
  [host = host] = await hostsOf('xen1');
});

/** All that is not as it should be, as `level topic: text (detail)`. */
function told(more: Partial<Visit>): readonly string[] {
  const [one] = diagnose([visitOf(host, more)], 32).hosts;
  return (one?.findings ?? []).filter(({ level }) => level !== 'ok').map(inWords);
}

const inWords = ({ level, topic, text, detail }: Finding): string =>
  `${level} ${topic}: ${text}${detail === null ? '' : ` (${detail})`}`;

const contact = (more: Partial<Contact>): Partial<Visit> => ({
  contact: { ...wellContact, ...more },
});
const answers = (more: Partial<Answered>): Partial<Visit> => ({
  answers: { ...wellAnswers, ...more },
});
const condition = (more: Partial<HostCondition>): Partial<Visit> =>
  answers({ condition: { ...wellAnswers.condition!, ...more } });
const disk = (mount: string, more: Partial<Disk> = {}): Disk => ({
  ...wellAnswers.condition!.disks[0]!,
  mount,
  ...more,
});
const agreed = (more: Partial<Contact['agreed']>): Partial<Visit> =>
  contact({ agreed: { ...wellContact.agreed!, ...more } });

describe('diagnose', () => {
  test('has nothing to say where all is well, and tells of each topic that it is', () => {
    const [one] = diagnose([visitOf(host)], 32).hosts;

    expect(told({})).toEqual([]);
    expect(one?.findings.map(({ topic }) => topic)).toEqual([
      ...['route', 'host key', 'algorithms', 'server', 'login', 'first flight', 'become'],
      ...['shell', 'clock', 'disks', 'boot hook'],
    ]);
  });

  test.each([
    ['diffie-hellman-group1-sha1', { kex: 'diffie-hellman-group1-sha1' }, /of 1024 bits/],
    ['SHA-1', { kex: 'diffie-hellman-group14-sha1' }, /key exchange by SHA-1/],
    ['ssh-rsa', { hostKey: 'ssh-rsa' }, /SHA-1 signatures of its host key/],
    ['DSA', { hostKey: 'ssh-dss' }, /DSA host key/],
    ['CBC', { cipher: 'aes128-cbc', mac: 'hmac-sha2-256' }, /the cipher aes128-cbc/],
    ['old MACs', { cipher: 'aes128-ctr', mac: 'hmac-sha1' }, /message codes by hmac-sha1/],
    ['short MACs', { cipher: 'aes128-ctr', mac: 'hmac-md5-96' }, /message codes by hmac-md5-96/],
    ['Terrapin', { cipher: 'chacha20-poly1305@openssh.com', isStrict: false }, /Terrapin/],
  ])('calls %s weak', (_name, more, words) => {
    const [weak, ...others] = told(agreed(more));

    expect(weak).toMatch(/^weak algorithms: /);
    expect(weak).toMatch(words);
    expect(others).toEqual([]);
  });

  test('does not cry Terrapin where it has no hold, nor where nobody knows', () => {
    expect(told(agreed({ isStrict: false }))).toEqual([
      'note algorithms: no strict key exchange, though Terrapin has no hold on the cipher agreed on',
    ]);
    expect(told(agreed({ isStrict: null, cipher: 'chacha20-poly1305@openssh.com' }))).toEqual([]);
    expect(told(agreed({ hostKey: 'rsa-sha2-512' }))).toEqual([]);
  });

  test('says that legacy_algorithms is not needed only where that is sure', () => {
    const legacy = (more: Partial<Visit> = {}) => told({ legacyAlgorithms: true, ...more });

    expect(legacy()).toEqual([
      'weak algorithms: legacy_algorithms is set, and nothing of it was needed',
    ]);
    // it may verify a login by an RSA key with SHA-1 only
    expect(legacy(contact({ server: 'SSH-2.0-OpenSSH_6.6.1' }))).toEqual([]);
    expect(legacy(agreed({ cipher: 'aes256-cbc', mac: 'hmac-sha2-256' }))).toHaveLength(1);
  });

  test('of a host that was not reached, says how far one came', () => {
    const { hostKey, tried: _tried, flight: _flight, ...rest } = wellContact;
    const failure = { message: 'authentication failed as root: tried key /k', hint: 'ssh -l root' };

    expect(
      told({
        contact: { ...rest, ...(hostKey && { hostKey }), failure: 'authentication' },
        failure,
        answers: null,
      }),
    ).toEqual([
      'broken login: authentication failed as root: tried key /k (before that: it takes connections from 10.0.0.9, it is SSH-2.0-OpenSSH_9.2p1, its host key is known, curve25519-sha256 was agreed on)',
    ]);
    expect(
      told({
        contact: { transport: 'ssh2', to: '10.0.0.1:22', failure: 'network' },
        ...{ failure: { message: 'connection refused by 10.0.0.1:22', hint: null }, answers: null },
      }),
    ).toEqual(['broken route: connection refused by 10.0.0.1:22']);
    expect(
      told({
        contact: {
          ...{ to: '10.0.0.1:22', from: '10.0.0.9', failure: 'host-key' },
          hostKey: { type: 'ssh-rsa', fingerprint: 'SHA256:z', standing: 'changed', at: '/k:2' },
        },
        ...{
          failure: { message: 'the host key of x has CHANGED', hint: 'find out' },
          answers: null,
        },
      }),
    ).toEqual([
      'broken host key: the host key of x has CHANGED (before that: it takes connections from 10.0.0.9)',
    ]);
  });

  test('tells of keys tried in vain, of a key that was just accepted, and of a slow first flight', () => {
    const hostKey = { ...wellContact.hostKey!, standing: 'new' as const, at: null };

    expect(told(contact({ tried: ['key /a (x)', 'key /b (y)', 'key /c (z)'] }))).toEqual([
      'note login: 2 tried before it in vain (key /a (x), key /b (y))',
    ]);
    expect(told(contact({ hostKey }))).toEqual([
      'weak host key: accepted and recorded just now (accept-new): nobody has compared it (ssh-ed25519 SHA256:x)',
    ]);
    expect(told(contact({ flight: 'stock' }))[0]).toMatch(/^note first flight: /);
  });

  test('compares clocks, whichever is ahead', () => {
    const skew = (skewSeconds: number | null) => told(answers({ skewSeconds }));

    expect(skew(4.9)).toEqual([]);
    expect(skew(-61)).toEqual(['weak clock: its clock is wrong, seen from here (61 s behind)']);
    expect(skew(7200)).toEqual(['weak clock: its clock is wrong, seen from here (2 h ahead)']);
    expect(skew(-(40 * 365 * 86_400))).toEqual([
      'weak clock: its clock is wrong, seen from here (14600 days behind)',
    ]);
    expect(skew(null)).toEqual(['note clock: it does not tell the time']);
  });

  test('minds the disks that are written to, and less the others', () => {
    const disks = (...all: readonly Disk[]) => told(condition({ disks: all }));

    expect(disks(disk('/', { isReadOnly: true }))).toEqual([
      'broken disks: /, which holds /etc and /var/lib, can only be read',
    ]);
    // as it is meant to be: /etc and /var are elsewhere
    expect(disks(disk('/', { isReadOnly: true }), disk('/etc'), disk('/var'))).toEqual([]);
    expect(disks(disk('/'), disk('/tmp', { isReadOnly: true }))).toEqual([
      'weak disks: /tmp can only be read',
    ]);
    expect(disks(disk('/'), disk('/tmp', { isNoexec: true }))).toEqual([
      'note disks: /tmp runs no programs (noexec)',
    ]);
    expect(disks(disk('/'), disk('/var', { freeKiB: 200 }))).toEqual([
      'broken disks: /var, which holds /var/lib, is all but full (200 KiB free)',
    ]);
    expect(disks(disk('/', { freeKiB: 40 * 1024 }))).toEqual([
      'weak disks: /, which holds /etc and /var/lib, is all but full (40 MiB free)',
    ]);
    expect(disks(disk('/', { freeInodes: 3 }))).toEqual([
      'broken disks: /, which holds /etc and /var/lib, has all but no inodes left (3 free)',
    ]);
    expect(disks(disk('/', { freeInodes: null }))).toEqual([]);
  });

  test('says who programs run as, and what is missing', () => {
    const become = { method: 'sudo', user: 'root' };

    expect(told(condition({ uid: 1000 }))).toEqual([
      'broken become: programs run as somebody who is not root (uid 1000)',
    ]);
    expect(told({ ...condition({ uid: 1000 }), needsRoot: false })[0]).toMatch(/^note become/);
    expect(told({ become })).toEqual([]);
    expect(told(answers({ lack: 'the host has no ip' }))).toEqual([
      'broken tools: the host has no ip',
    ]);
  });

  test('says where a window has nobody to undo it at a boot, and what waits', () => {
    const safety = { ...host.safety, allowNoBootHook: true };
    const pending = {
      ...{ id: 'w', run: 'r', by: 'ann', state: 'applied' as const },
      ...{ secondsLeft: 9, hasRebooted: false, isWatched: true },
    };
    const lock = { run: 'r', by: 'ann', since: 'now', isStale: false };

    expect(told(condition({ bootHook: null }))).toEqual([
      'weak boot hook: nothing runs at its boot that could undo a confirm window',
    ]);
    expect(told({ ...condition({ bootHook: null }), host: { ...host, safety } })[0]).toMatch(
      /^note/,
    );
    expect(told(answers({ windows: { lock, pending, last: null } }))).toEqual([
      'weak windows: a change waits to be confirmed, or undone',
      'note windows: a run is at work there',
    ]);
    expect(told(answers({ condition: null }))).toEqual([
      'weak shell: it did not tell how it is: clock, disks and shells are not known',
    ]);
  });
});

describe('fleetFindings', () => {
  const fleet = async (count: number, more: (index: number) => Partial<Contact>, forks = 32) => {
    const hosts = await hostsOf(...Array.from({ length: count }, (_, index) => `h${index}`));
    const visits = hosts.map((one, index) =>
      visitOf(one, {
        contact: {
          ...wellContact,
          agreed: { ...wellContact.agreed!, kex: 'mlkem768x25519-sha256' },
          to: `10.0.0.${index}:22`,
          ...more(index),
        },
      }),
    );
    return diagnose(visits, forks).fleet;
  };

  test('warns of many ProxyCommands at once, by as many as there would be', async () => {
    const proxyCommand = 'ssh -W %h:%p gate';

    const [many] = await fleet(20, () => ({ proxyCommand }));
    expect(many?.finding).toMatchObject({
      ...{ topic: 'connections', level: 'weak' },
      text: expect.stringContaining('up to 20 connections at once'),
      hint: expect.stringContaining('MaxStartups 10:30:100'),
    });
    expect(many?.hosts).toHaveLength(20);
    expect(await fleet(20, () => ({ proxyCommand }), 8)).toEqual([]);
    expect(await fleet(5, () => ({ proxyCommand }))).toEqual([]);
  });

  test('says that a jump host stands it, and when its sshd forbids it', async () => {
    const found = await fleet(20, (index) => (index === 0 ? {} : { jumps: ['h0'] }));
    const hosts = await hostsOf('gate', 'web');
    const closed = { maxStartups: null, maxSessions: null, allowTcpForwarding: 'no' };
    const [gate, web] = hosts.map((one) =>
      visitOf(one, contact({ jumps: one.name === 'web' ? ['gate'] : [], to: one.name })),
    );
    const forbidden = diagnose(
      [{ ...gate!, ...condition({ sshd: closed }) }, web!],
      32,
    ).fleet.filter(({ finding }) => finding.topic === 'connections');

    expect(found.map(({ finding }) => [finding.level, finding.text])).toEqual([
      ['ok', expect.stringContaining('19 hosts go through h0: one connection to it')],
    ]);
    expect(forbidden).toMatchObject([{ finding: { level: 'broken' }, hosts: ['gate'] }]);
  });

  test('sees one server by several names', async () => {
    const two = await fleet(2, () => ({ to: '10.0.0.1:22' }));
    const many = await fleet(12, () => ({ to: '10.0.0.1:22' }));

    expect(two.map(({ finding }) => finding.level)).toEqual(['note']);
    expect(many.map(({ finding }) => finding.level)).toEqual(['weak']);
  });

  test('says once that no keys withstand quantum computers', async () => {
    const found = await fleet(3, () => ({ agreed: wellContact.agreed! }));

    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ finding: { level: 'note', topic: 'algorithms' } });
  });
});

describe('lackOfTools', () => {
  const task = (step: string, kind: 'interfaces' | 'file', hasWindow: boolean) => ({
    ...{ step, hasWindow },
    queries: [kind === 'file' ? query.file('/etc/x') : query.interfaces()],
  });

  test('says what is missing of what the tasks use, and to which of them', () => {
    const tasks = [task('ip_rules', 'interfaces', true), task('command', 'file', false)];

    expect(lackOfTools(tasks, [])).toBeNull();
    expect(lackOfTools(tasks, ['nft', 'base64'])).toBeNull();
    expect(lackOfTools(tasks, ['ip'])).toMatch(
      /^the host has no ip, which ip_rules needs .*; install iproute2$/,
    );
    expect(lackOfTools(tasks, ['setsid'])).toContain('which ip_rules needs to be able to undo');
    expect(lackOfTools([task('command', 'file', false)], ['setsid', 'ip'])).toBeNull();
  });

  test('is content with either kind of firewall', () => {
    const tasks = [task('firewall', 'file', false)];

    expect(lackOfTools(tasks, ['iptables-save', 'iptables-restore'])).toBeNull();
    expect(lackOfTools(tasks, ['nft'])).toBeNull();
    expect(lackOfTools(tasks, ['nft', 'iptables-restore'])).toContain('iptables-restore (nor nft)');
  });
});
