import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type HostName,
  hashName,
  KnownHosts,
  knownHostsName,
} from '../../src/connection/known-hosts.ts';
import { type PublicKey, parsePublicKey } from '../../src/connection/public-key.ts';
import { runs } from '../runs.ts';
import { makeKey, TempDir } from './sshd.ts';

fc.configureGlobal({ numRuns: runs() });

let dir: TempDir;
/** Public keys as known_hosts has them. */
const lines: Record<string, string> = {};
let ed: PublicKey;

beforeAll(() => {
  dir = new TempDir();
  for (const [name, type] of Object.entries({
    ed: 'ed25519',
    ed2: 'ed25519',
    rsa: 'rsa',
    ec: 'ecdsa',
  })) {
    lines[name] = makeKey(dir, name, { type }).publicKey;
  }
  ed = parsePublicKey(fill('<ed>'))!;
});

afterAll(() => dir[Symbol.dispose]());

const named = (host: string, port = 22, alias: string | null = null): HostName => ({
  host,
  port,
  alias,
});

const nameOf = (host: string, port: number) => (port === 22 ? host : `[${host}]:${port}`);

/** A table's text with `<ed>` and the like replaced by keys. */
const fill = (text: string) => text.replace(/<(\w+)>/g, (_, name) => lines[name] ?? '?');

function read(text: string): KnownHosts {
  const index = new KnownHosts();
  index.add(fill(text), 'kh');
  return index;
}

const say = (text: string, name: HostName) => {
  const verdict = read(text).check(name, ed);
  return 'entry' in verdict ? `${verdict.kind} ${verdict.entry.line}` : verdict.kind;
};

describe('KnownHosts', () => {
  test.each([
    ['a plain name', 'h <ed>', named('h'), 'known 1'],
    ['a name in another case', 'H.Example <ed>', named('h.eXample'), 'known 1'],
    ['a name in a comma list', 'a,h,b <ed>', named('h'), 'known 1'],
    ['an address', '192.168.0.100 <ed>', named('192.168.0.100'), 'known 1'],
    ['an IPv6 address', '2001:db8::1 <ed>', named('2001:db8::1'), 'known 1'],
    ['another name', 'h2 <ed>', named('h'), 'unknown'],
    ['an empty file', '', named('h'), 'unknown'],
    ['comments and blank lines', '# h <ed>\n\n  h <ed>', named('h'), 'known 3'],
    ['tabs, spaces, a comment and CR LF', '\th \t<ed>  me@x\r\n', named('h'), 'known 1'],
    ['a star', '*.example <ed>', named('a.b.example'), 'known 1'],
    ['a question mark', 'h? <ed>', named('h1'), 'known 1'],
    ['a question mark for nothing', 'h? <ed>', named('h'), 'unknown'],
    ['a negation', '*,!h <ed>', named('h'), 'unknown'],
    ['a negation before the match', '!h,* <ed>', named('h'), 'unknown'],
    ['a negation of another', '*,!g <ed>', named('h'), 'known 1'],
    ['a negation alone', '!g <ed>', named('h'), 'unknown'],
    ['a port', '[h]:2222 <ed>', named('h', 2222), 'known 1'],
    ['another port', '[h]:2223 <ed>', named('h', 2222), 'unknown'],
    ['a port when none is asked', '[h]:2222 <ed>', named('h'), 'unknown'],
    ['the name without the port', 'h <ed>', named('h', 2222), 'known 1'],
    ['another key without the port', 'h <ed2>', named('h', 2222), 'unknown'],
    ['another key with the port', '[h]:2222 <ed2>\nh <ed>', named('h', 2222), 'changed 1'],
    ['an alias', 'alias <ed>', named('h', 2222, 'Alias'), 'known 1'],
    ['the name behind an alias', 'h <ed>', named('h', 22, 'alias'), 'unknown'],
    ['another key of the type', 'h <ed2>', named('h'), 'changed 1'],
    ['only a key of another type', 'h <rsa>', named('h'), 'changed 1'],
    ['the offending key of the same type first', 'h <rsa>\nh <ed2>', named('h'), 'changed 2'],
    ['one of several keys', 'h <ed2>\nh <ed>', named('h'), 'known 2'],
    ['a revoked key', 'h <ed>\n@revoked * <ed>', named('h'), 'revoked 2'],
    ['a revoked key without the port', '[h]:9 <ed>\n@revoked h <ed>', named('h', 9), 'known 1'],
    ['a revoked key of another host', '@revoked g <ed>', named('h'), 'unknown'],
    ['another revoked key', '@revoked h <ed2>', named('h'), 'unknown'],
    ['an authority', '@cert-authority *.x <ed2>', named('h.x'), 'authority-only 1'],
    ['an authority and the key', '@cert-authority h <ed2>\nh <ed>', named('h'), 'known 2'],
    [
      'an authority whose key the host shows',
      '@cert-authority h <ed>',
      named('h'),
      'authority-only 1',
    ],
    ['an authority and another key', '@cert-authority h <ed2>\nh <ed2>', named('h'), 'changed 2'],
    ['an unknown marker', '@trusted h <ed>', named('h'), 'unknown'],
    ['a key cut short', 'h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA', named('h'), 'unknown'],
    [
      'a key of another type than it says',
      'h ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGFh',
      named('h'),
      'unknown',
    ],
    ['an SSH 1 line', 'h 1024 35 1234567', named('h'), 'unknown'],
    ['a line of rubbish', '\u0000\u00ff|1|x|\n|1|||\nh <ed>', named('h'), 'known 3'],
    ['__proto__', '__proto__ <ed>', named('__proto__'), 'known 1'],
  ])('reads %s', (_what, text, name, expected) => {
    expect(say(text, name)).toBe(expected);
  });

  test('finds what ssh-keygen -F finds, plain and hashed', () => {
    const text = fill(
      [
        'plain <ed>',
        'a,b,c.example <rsa>',
        '*.wild.example <ed>',
        '*.neg.example,!x.neg.example <ed>',
        'q?.example <ec>',
        '[port.example]:2222 <ed>',
        '[port.example]:2222,other <rsa>',
        '10.0.0.1,[10.0.0.1]:2022 <ed>',
        'UPPER.example <ed>',
        'two <ed>',
        'two <rsa>',
        '2001:db8::1 <ed>',
        '[2001:db8::1]:2222 <ed>',
        '',
      ].join('\n'),
    );
    const plain = dir.write('kh_plain', text);
    const hashed = dir.write('kh_hashed', text);
    spawnSync('ssh-keygen', ['-H', '-f', hashed], { stdio: 'ignore' });
    const names = [
      ...['plain', 'a', 'b', 'c.example', 'x.wild.example', 'wild.example', 'x.neg.example'],
      ...['y.neg.example', 'q1.example', 'q.example', 'port.example', '[port.example]:2222'],
      ...['other', '10.0.0.1', '[10.0.0.1]:2022', 'upper.example', 'two'],
      ...['2001:db8::1', '[2001:db8::1]:2222', 'none', '*', 'c.exampl', '[10.0.0.1]:22'],
    ];

    for (const file of [plain, hashed]) {
      const index = new KnownHosts();
      index.add(execFileSync('cat', [file], { encoding: 'utf8' }), file);
      for (const name of names) {
        const found = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
        const expected = [...found.stdout.matchAll(/found: line (\d+)/g)].map((hit) => hit[1]);
        const ours = index.linesOf(name).map((entry) => String(entry.line));
        expect([file, name, ours]).toEqual([file, name, expected]);
      }
    }
  });

  test('finds what ssh-keygen -F finds in any file', () => {
    const host = fc.constantFrom('a', 'b.example', 'c.b.example', '10.0.0.1', '2001:db8::1', 'UP');
    const port = fc.constantFrom(22, 2222);
    const name = fc.tuple(host, port).map(([at, number]) => nameOf(at, number));
    const pattern = fc.constantFrom('*', '*.example', '?', '!a', '!c.*', '[*]:2222', 'b*,!*.b.*');
    const field = fc.oneof(
      { weight: 3, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }) },
      { weight: 2, arbitrary: fc.array(fc.oneof(name, pattern), { minLength: 1, maxLength: 3 }) },
    );
    const hashed = name.map((text) => {
      const salt = randomBytes(20);
      return `|1|${salt.toString('base64')}|${hashName(text.toLowerCase(), salt)}`;
    });
    const line = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom('', '# a', 'rubbish', '@other a <ed>') },
      {
        weight: 6,
        arbitrary: fc
          .tuple(
            fc.constantFrom('', '', '', '@revoked ', '@cert-authority '),
            fc.oneof(field.map(String), hashed),
            fc.constantFrom('<ed>', '<ed2>', '<rsa>', '<ec>'),
          )
          .map(([marker, names, key]) => `${marker}${names} ${key}`),
      },
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), name, (content, asked) => {
        const text = fill(`${content.join('\n')}\n`);
        const file = dir.write('kh_any', text);
        // ssh asks in lower case; ssh-keygen leaves that to who asks.
        const small = asked.toLowerCase();
        const { stdout } = spawnSync('ssh-keygen', ['-F', small, '-f', file], { encoding: 'utf8' });

        const found = new KnownHosts();
        found.add(text, file);

        const ours = found.linesOf(small).map((entry) => entry.line);
        const theirs = [...stdout.matchAll(/found: line (\d+)/g)].map((hit) => Number(hit[1]));
        expect(ours.toSorted((a, b) => a - b)).toEqual(theirs);
      }),
    );
  });

  test('says the same of hashed names as of names in the clear', () => {
    const entry = fc.record({
      marker: fc.constantFrom('', '', '@revoked ', '@cert-authority '),
      name: fc.constantFrom('a', '[a]:22', '[a]:2222', 'b'),
      key: fc.constantFrom('ed', 'ed2', 'rsa'),
      isHashed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), fc.constantFrom(22, 2222), (entries, port) => {
        const clear = new KnownHosts();
        const mixed = new KnownHosts();
        for (const { marker, name, key, isHashed } of entries) {
          const salt = randomBytes(20);
          const hash = `|1|${salt.toString('base64')}|${hashName(name, salt)}`;
          clear.add(fill(`${marker}${name} <${key}>`), 'kh');
          mixed.add(fill(`${marker}${isHashed ? hash : name} <${key}>`), 'kh');
        }
        const asked = named('a', port);

        expect(mixed.check(asked, ed).kind).toBe(clear.check(asked, ed).kind);
        expect(mixed.authoritiesOf(asked).map(String).toSorted()).toEqual(
          clear.authoritiesOf(asked).map(String).toSorted(),
        );
      }),
    );
  });

  test('asks first for the types that it would accept', () => {
    const index = read('h <rsa>\n@revoked h <ed>\n@cert-authority h <ed2>\n[h]:22 <ec>\ng <ec>');

    expect(index.knownTypes(named('h'))).toEqual(['ssh-rsa']);
    expect(index.knownTypes(named('h', 2222))).toEqual(['ssh-rsa']);
    expect(index.knownTypes(named('none'))).toEqual([]);
  });

  test('never takes a name or a key for another', () => {
    const name = fc.stringMatching(/^[a-c.]{1,4}$/);
    const entry = fc.record({ host: name, key: fc.constantFrom('ed', 'ed2', 'rsa') });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), name, (entries, host) => {
        const index = new KnownHosts();
        for (const { host: at, key } of entries) index.add(`${at} ${lines[key]}\n`, 'kh');

        const verdict = index.check(named(host), ed);

        const mine = entries.filter((candidate) => candidate.host === host);
        const expected = mine.some(({ key }) => key === 'ed')
          ? 'known'
          : mine.length > 0
            ? 'changed'
            : 'unknown';
        expect(verdict.kind).toBe(expected);
      }),
    );
  });

  test('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (rubbish) => {
        const index = read(`${rubbish}\nh <ed>`);

        expect(['known', 'revoked']).toContain(index.check(named('h'), ed).kind);
      }),
    );
  });

  test('tries hashed names fast, and not at all for a host that is known in the clear', () => {
    const index = new KnownHosts();
    const { ed: key } = lines;
    const salts = Array.from({ length: 10_000 }, () => randomBytes(20));
    index.add(
      salts
        .map((salt, i) => `|1|${salt.toString('base64')}|${hashName(`h${i}`, salt)} ${key}`)
        .join('\n'),
      'kh',
    );
    index.add(fill('clear <ed>'), 'kh2');
    const cpuMs = (work: () => void): number => {
      const before = process.cpuUsage();
      work();
      return process.cpuUsage(before).user / 1000;
    };
    index.check(named('warm'), ed);

    const [salt = randomBytes(20)] = salts;
    const slow = cpuMs(() => {
      for (let i = 0; i < 10_000; i += 1) hashName('h', salt);
    });
    const hashed = cpuMs(() => {
      for (let i = 0; i < 10; i += 1) expect(index.check(named(`h${i}`), ed).kind).toBe('known');
    });
    const clear = cpuMs(() => {
      for (let i = 0; i < 10; i += 1) expect(index.check(named('clear'), ed).kind).toBe('known');
    });

    // A line costs well less than an HMAC of node:crypto.
    expect(hashed / 10).toBeLessThan(slow * 0.6);
    expect(clear).toBeLessThan(hashed / 5);
  });

  test('finds a host among 10,000 lines in no time', () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `h${i},10.0.${i >> 8}.${i & 255} <ed>`);
    const index = read(text.join('\n'));

    const started = process.hrtime.bigint();
    for (let i = 0; i < 1_000; i += 1) index.check(named(`h${i}`), ed);

    // A scan of all lines for each host would take more than ten times as long.
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(500);
  });
});

describe('knownHostsName', () => {
  test.each([
    [named('H'), 'h'],
    [named('h', 2222), '[h]:2222'],
    [named('2001:DB8::1', 2222), '[2001:db8::1]:2222'],
    [named('h', 2222, 'Alias'), 'alias'],
  ])('of %j is %s', (name, expected) => {
    expect(knownHostsName(name)).toBe(expected);
  });
});
