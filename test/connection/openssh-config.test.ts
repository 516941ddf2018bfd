import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { normalize } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { localUser } from '../../src/connection/local-user.ts';
import { OpensshConfig } from '../../src/connection/openssh-config.ts';
import type { OpensshSettings } from '../../src/connection/openssh-settings.ts';
import { resolveTarget } from '../../src/connection/resolve.ts';
import { runs } from '../runs.ts';
import { TempDir } from './sshd.ts';

let dir: TempDir;
const user = localUser();

beforeAll(() => {
  dir = new TempDir();
});

afterAll(() => dir[Symbol.dispose]());

const ask = async (file: string, name: string): Promise<OpensshSettings> =>
  (await OpensshConfig.read(file, user.home)).settingsFor({
    name,
    hostname: null,
    user: null,
    port: null,
    localUser: user,
  });

/** What `ssh -G` prints when nothing is configured, for our keys. */
const defaults = {
  identityfile: ['rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk', 'xmss', 'dsa'].map(
    (type) => `~/.ssh/id_${type}`,
  ),
  userknownhostsfile: `${user.home}/.ssh/known_hosts ${user.home}/.ssh/known_hosts2`,
  globalknownhostsfile: '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2',
};

/** Our answer in the words of `ssh -G`. */
function inWordsOfSsh(name: string, settings: OpensshSettings): Record<string, readonly string[]> {
  const flag = (value: boolean | undefined) => (value ? 'yes' : 'no');
  const list = (values: readonly string[] | undefined, usual: string) =>
    values?.length === 0 ? [] : [values?.join(' ') ?? usual];
  const canonicalizing = { yes: 'true', no: 'false', always: 'always' };
  const checking = { yes: 'true', ask: 'ask', no: 'false', 'accept-new': 'accept-new' };
  const one = (value: string | number | null | undefined) =>
    value === undefined || value === null ? [] : [String(value)];
  return {
    hostname: [settings.hostname ?? name],
    user: [settings.user ?? user.name],
    port: [String(settings.port ?? 22)],
    identityfile:
      settings.identityFiles.length > 0 ? settings.identityFiles : defaults.identityfile,
    identitiesonly: [flag(settings.identitiesOnly)],
    identityagent: one(settings.identityAgent),
    userknownhostsfile: list(settings.userKnownHostsFiles, defaults.userknownhostsfile),
    globalknownhostsfile: list(settings.globalKnownHostsFiles, defaults.globalknownhostsfile),
    certificatefile: settings.certificateFiles,
    addressfamily: [settings.addressFamily ?? 'any'],
    batchmode: [flag(settings.batchMode)],
    bindaddress: one(settings.bindAddress),
    canonicaldomains: [settings.canonicalDomains?.join(' ') || 'none'],
    canonicalizehostname: [canonicalizing[settings.canonicalizeHostname ?? 'no']],
    canonicalizemaxdots: [String(settings.canonicalizeMaxDots ?? 1)],
    checkhostip: [flag(settings.checkHostIp)],
    connectionattempts: [String(settings.connectionAttempts ?? 1)],
    kbdinteractiveauthentication: [flag(settings.kbdInteractiveAuthentication ?? true)],
    numberofpasswordprompts: [String(settings.numberOfPasswordPrompts ?? 3)],
    passwordauthentication: [flag(settings.passwordAuthentication ?? true)],
    preferredauthentications: one(settings.preferredAuthentications),
    pubkeyauthentication: [String(settings.pubkeyAuthentication ?? true)],
    requiredrsasize: [String(settings.requiredRsaSize ?? 1024)],
    revokedhostkeys: one(settings.revokedHostKeys?.join(' ')),
    serveralivecountmax: [String(settings.serverAliveCountMax ?? 3)],
    serveraliveinterval: [String((settings.serverAliveIntervalMs ?? 0) / 1000)],
    hostkeyalias: one(settings.hostKeyAlias),
    stricthostkeychecking: [checking[settings.strictHostKeyChecking ?? 'ask']],
    hashknownhosts: [flag(settings.hashKnownHosts)],
    connecttimeout: [settings.connectTimeoutMs ? String(settings.connectTimeoutMs / 1000) : 'none'],
    proxyjump: one(settings.proxyJump),
    proxycommand: one(settings.proxyCommand),
  };
}

function readDump(dump: string): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {};
  for (const line of dump.split('\n')) {
    const [keyword = '', ...values] = line.split(' ');
    found[keyword] = [...(found[keyword] ?? []), values.join(' ')];
  }
  return found;
}

/** The keys of `ours` as `ssh -G` has them. */
function sshSays(
  dump: string,
  ours: Record<string, readonly string[]>,
): Record<string, readonly string[]> {
  const found = readDump(dump);
  return Object.fromEntries(
    Object.keys(ours).map((key) => {
      const values = found[key] ?? [];
      if (key.endsWith('knownhostsfile') && values[0] === 'none') return [key, []];
      // A time-out of 0 is none.
      return [key, key === 'connecttimeout' && values[0] === '0' ? ['none'] : values];
    }),
  );
}

async function runSsh(file: string, name: string): Promise<string> {
  const ssh = spawn('ssh', ['-G', '-F', file, name], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  ssh.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await once(ssh, 'close');
  if (code !== 0) throw new Error(`ssh refuses ${file}`);
  return out;
}

describe('OpensshConfig', () => {
  test.each([
    'Port 7',
    'PORT=8 # comment',
    ' \tPort = 9\r',
    '"Port" 21',
    '# Port 1\n\n#\nUser u',
    'User a\nUser b',
    'User "a b"',
    'Host a\n Port 1\nHost *\n Port 2\n User u',
    'Host b\n Port 1\nHost A\n Port 2',
    'Host a*\n Port 3',
    'Host ?\n Port 4',
    'Host x a # b\n Port 5',
    'Host a,b\n Port 6',
    'Host a#b\n Port 6',
    'Host "a b" a\n Port 15',
    "Host 'a'\n Port 16",
    'Host !b *\n Port 27',
    'Host * !a\n Port 28',
    'Host !a *\n Port 28',
    'Host b !a\n Port 28',
    'HostName b',
    'HostName A.Example',
    'HostName %h.x\nMatch host a.x\n Port 11',
    'HostName 100%%',
    'HostName b\nHost b\n Port 13',
    'Match all\n Port 1\nMatch all\n Port 2\n User f',
    'Match host a\n Port 1',
    'Match Host A\n Port 1',
    'Match host !b,a\n Port 23',
    'Match host !b,*\n Port 23',
    'Match !host b\n Port 6',
    'Match !host a\n Port 6',
    'Match originalhost a\n Port 26',
    'HostName b\nMatch originalhost a host b\n Port 26',
    'Match host=a user=root\n Port 5',
    'Match user root\n Port 5',
    'User bob\nMatch user root\n Port 5',
    'Match user !root,*\n Port 5',
    'Match localuser root,x\n Port 19',
    'Match localuser nobody\n Port 19',
    'Match canonical all\n Port 2',
    'Match !canonical all\n Port 2',
    'Match final\n Port 29',
    'Match final all\n Port 29\n User f',
    'Match !final all\n Port 30',
    'HostName b\nMatch final host b\n Port 12\nHost b\n Port 13',
    'Match final all\nHost b\n Port 14\nHost a\n HostName b',
    'HostName b\nMatch originalhost a final\n Port 31',
    'Match final all\n IdentityFile x\nHost *\n IdentityFile y',
    'Match host b exec "touch /nonexistent/x"\n Port 2',
    'IdentityFile a\nIdentityFile b\nIdentityFile a',
    'IdentityFile ~/x#y',
    'IdentityFile "~/my key" # mine',
    'IdentityFile ~/my\\ key',
    'IdentityFile none\nIdentityFile x',
    'IdentitiesOnly yes',
    'IdentitiesOnly TRUE',
    'IdentityAgent none',
    'IdentityAgent $SOCK\nIdentityAgent /x',

    'UserKnownHostsFile none',
    'UserKnownHostsFile "a b" c\nUserKnownHostsFile d',
    'GlobalKnownHostsFile /x /y',
    'HostKeyAlias x\nHostKeyAlias y',
    'StrictHostKeyChecking no',
    'StrictHostKeyChecking off',
    'StrictHostKeyChecking accept-new',
    'StrictHostKeyChecking YES',
    'HashKnownHosts yes',
    'ConnectTimeout 15',
    'ConnectTimeout 1m30s',
    'ConnectTimeout 0',
    'ConnectTimeout none\nConnectTimeout 5',
    'AddressFamily inet6',
    'BatchMode yes\nServerAliveInterval 3',
    'BindAddress 127.0.0.2',
    'CertificateFile a\nCertificateFile b\nCertificateFile a',
    'CheckHostIP yes',
    'ConnectionAttempts 3',
    'KbdInteractiveAuthentication no',
    'ChallengeResponseAuthentication no',
    'NumberOfPasswordPrompts 1',
    'PasswordAuthentication no',
    'PreferredAuthentications password,publickey',
    'PubkeyAuthentication no',
    'DSAAuthentication no',
    'RequiredRSASize 2048',
    'RevokedHostKeys /a',
    'ServerAliveCountMax 7\nServerAliveInterval 1m',
    'ServerAliveInterval none\nServerAliveInterval 5',
    'HostName 127.1',
    'HostName 010.1',
    'HostName ::0:1',
    'HostName 2001:DB8::0A',
    'HostName ::ffff:10.0.0.1',
    'HostName [::1]',
    'HostName H%%25',
    'ProxyJump h',
    'ProxyJump=h',
    'ProxyJump h # x',
    'ProxyJump u@h:33,b',
    'ProxyJump j\nProxyJump k',
    'ProxyJump none\nProxyJump h',
    'ProxyJump none\nProxyCommand x',
    'ProxyJump h\nProxyCommand x',
    'ProxyCommand x y\nProxyJump h',
    'ProxyCommand none\nProxyJump h',
    'ProxyCommand none\nProxyCommand x',
    'Host b\n ProxyCommand x\nHost a\n ProxyJump j',
  ])('says of %j what ssh says', async (text) => {
    const file = dir.write('table', `${text}\n`);

    const ours = inWordsOfSsh('a', await ask(file, 'a'));

    expect(ours).toEqual(sshSays(await runSsh(file, 'a'), ours));
  });

  test('says what ssh says of any configuration', async () => {
    const host = fc.constantFrom('a', 'b', 'a.x', 'db1');
    const pattern = fc.constantFrom('a', 'b', '*', 'a*', '?', '!a', '!b', '*.x', 'db?', 'nobody');
    const setting = fc.oneof(
      fc.tuple(fc.constantFrom('Port', 'port='), fc.constantFrom('1', '22', '2222')),
      fc.tuple(fc.constant('User'), fc.constantFrom('root', 'bob', '"x y"')),
      fc.tuple(fc.constant('HostName'), fc.constantFrom('b', '%h.x', 'db1', '10.0.0.1')),
      fc.tuple(fc.constant('IdentityFile'), fc.constantFrom('~/a', '/b', '"c d"', 'none')),
      fc.tuple(fc.constant('ProxyJump'), fc.constantFrom('none', 'j', 'u@j:1,k', 'j # c')),
      fc.tuple(fc.constant('ProxyCommand'), fc.constantFrom('none', 'nc %h %p')),
      fc.tuple(fc.constant('StrictHostKeyChecking'), fc.constantFrom('yes', 'no', 'accept-new')),
      fc.tuple(fc.constant('UserKnownHostsFile'), fc.constantFrom('/a', '/a /b', 'none')),
      fc.tuple(fc.constant('ConnectTimeout'), fc.constantFrom('5', '1m', 'none')),
      fc.tuple(fc.constant('IdentitiesOnly'), fc.constantFrom('yes', 'no')),
      fc.tuple(fc.constant('CertificateFile'), fc.constantFrom('a', '~/b')),
      fc.tuple(fc.constant('ServerAliveInterval'), fc.constantFrom('5', '1m', 'none', '0')),
      fc.tuple(fc.constant('PreferredAuthentications'), fc.constantFrom('publickey', 'x,y')),
      fc.tuple(fc.constant('PubkeyAuthentication'), fc.constantFrom('yes', 'no')),
      fc.tuple(fc.constant('Ciphers'), fc.constantFrom('aes128-ctr', '+aes256-cbc', '-*cbc')),
      // Of options that are of no use here, too.
      fc.tuple(fc.constant('ForwardAgent'), fc.constantFrom('yes', 'no')),
    );
    const criterion = fc.oneof(
      fc.tuple(fc.constantFrom('host', '!host', 'originalhost'), pattern),
      fc.tuple(fc.constantFrom('user', '!user', 'localuser'), fc.constantFrom('root', 'bob', '*')),
      fc.constantFrom(['final'], ['canonical']),
      fc.tuple(fc.constantFrom('exec', '!exec'), fc.constantFrom('true', 'false', '"test %n = a"')),
    );
    const block = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => `Host ${list.join(' ')}`),
      fc
        .array(criterion, { minLength: 1, maxLength: 3 })
        .map((list) => `Match ${list.flat().join(' ')}`),
      fc.constantFrom('Match all', 'Match final all'),
    );
    const line = fc.oneof(
      { weight: 3, arbitrary: setting.map((pair) => ` ${pair.join(' ')}`) },
      block,
    );
    const config = fc.array(line, { maxLength: 14 }).map((lines) => lines.join('\n'));
    let count = 0;

    await fc.assert(
      fc.asyncProperty(config, host, async (text, name) => {
        const file = dir.write(`any${count++}`, `${text}\n`);
        const ours = inWordsOfSsh(name, await ask(file, name));

        expect(ours).toEqual(sshSays(await runSsh(file, name), ours));
      }),
      { numRuns: runs() },
    );
  });

  test('includes what ssh includes, and as far', async () => {
    mkdirSync(dir.file('inc'));
    dir.write('inc/10-a', 'Host a\n Port 33\n User first\n');
    dir.write('inc/20-b', 'User second\nConnectTimeout 5\n');
    dir.write('inc/.hidden', 'Port 1\n');
    dir.write('inc/deep', `Include ${dir.file('inc/10-a')}\n`);
    for (const text of [
      `Include ${dir.file('inc')}/*`,
      `Include ${dir.file('inc')}/[12]*`,
      `Include ${dir.file('inc')}/2?-b ${dir.file('inc')}/10-a`,
      `Host b\n Include ${dir.file('inc')}/*\nHost a\n Port 55`,
      `Host a\n Include ${dir.file('inc')}/1*\n HashKnownHosts yes`,
      `Host b\nHost a\n Include ${dir.file('inc')}/1*\n IdentitiesOnly yes`,
      `Include ${dir.file('inc')}/nothing* ${dir.file('inc')}/missing`,
      `Include ${dir.file('inc')}/[z-a]*\nPort 6`,
      `Include ${dir.file('inc/deep')}\nPort 5`,
      `Match host b\n Include ${dir.file('inc')}/2*\nMatch all\n User third`,
    ]) {
      const file = dir.write('including', `${text}\n`);
      for (const name of ['a', 'b']) {
        const ours = inWordsOfSsh(name, await ask(file, name));
        expect([text, ours]).toEqual([text, sshSays(await runSsh(file, name), ours)]);
      }
    }
  });

  test('reads the files of the user, ~/.ssh being where relative includes are', async () => {
    mkdirSync(dir.file('home/.ssh/conf.d'), { recursive: true });
    dir.write('home/.ssh/config', 'Include conf.d/*.conf ~/.ssh/more\nUser last\n');
    dir.write('home/.ssh/conf.d/x.conf', 'Port 77\n');
    dir.write('home/.ssh/more', 'HostKeyAlias more\n');

    const config = await OpensshConfig.read(null, dir.file('home'));

    const query = { name: 'a', hostname: null, user: null, port: null, localUser: user };
    expect(await config.settingsFor(query)).toMatchObject({
      port: 77,
      hostKeyAlias: 'more',
      user: 'last',
    });
    expect(await (await OpensshConfig.read('none', dir.file('home'))).settingsFor(query)).toEqual({
      hostname: 'a',
      identityFiles: [],
      certificateFiles: [],
      unsupported: [],
    });
  });

  test('lets what is said before any file win', async () => {
    const file = dir.write(
      'late',
      'Match host 10.0.0.9 user bob\n IdentityFile hit\nHostName x\nUser y\nPort 1\n',
    );

    const settings = await (await OpensshConfig.read(file, user.home)).settingsFor({
      name: 'a',
      hostname: '10.0.0.9',
      user: 'bob',
      port: 2222,
      localUser: user,
    });

    expect(settings).toMatchObject({
      hostname: '10.0.0.9',
      user: 'bob',
      port: 2222,
      identityFiles: ['hit'],
    });
  });

  test.each([
    ['Port x', 'table:1: Port is a number from 1 to 65535, not "x"'],
    ['\nPort 22 23', 'table:2: port takes one value, not "22 23"'],
    ['User "', 'table:1: the quotes after User are not balanced'],
    ['Host', 'table:1: Host wants a value'],
    ['HostName %n', 'table:1: HostName knows %h and %% only, not "%n"'],
    ['IdentitiesOnly maybe', 'table:1: identitiesonly is yes or no, not "maybe"'],
    [
      'StrictHostKeyChecking perhaps',
      'table:1: stricthostkeychecking is one of yes, true, no, false, off, ask, accept-new, not "perhaps"',
    ],
    ['ConnectTimeout 10x', 'table:1: connecttimeout is a time, not "10x"'],
    ['ConnectionAttempts 0', 'table:1: connectionattempts is a number from 1 on, not "0"'],
    ['UserKnownHostsFile a none', 'table:1: none of userknownhostsfile stands alone'],
    ['User ""', 'table:1: user wants a value'],
    ['NoSuchOption yes', 'table:1: nosuchoption is not an option of OpenSSH'],
    ['Host b\n Sometimes 1', 'table:2: sometimes is not an option of OpenSSH'],
    ['Sometimes 1\nIgnoreUnknown some*', 'table:1: sometimes is not an option of OpenSSH'],
    ['Match all host a', 'table:1: Match all stands alone'],
    ['Match host', 'table:1: Match host wants a value'],
    ['Match nothing x', 'table:1: Match nothing is not understood here'],
    ['Match localnetwork 10.0.0', 'table:1: Match localnetwork wants networks, not "10.0.0"'],
    ['Match exec "kill -9 $$"', 'table:1: "kill -9 $$" of Match exec was killed'],
  ])('refuses %j', async (text, message) => {
    const file = dir.write('table', `${text}\n`);

    await expect(ask(file, 'a')).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'config',
      message: message.replace('table', file),
    });
  });

  test('refuses files that others may write, and circles of files', async () => {
    mkdirSync(dir.file('open/.ssh'), { recursive: true });
    const own = dir.write('open/.ssh/config', 'Port 1\n');
    chmodSync(own, 0o666);
    const circle = dir.write('circle', `Include ${dir.file('circle')}\n`);

    await expect(OpensshConfig.read(null, dir.file('open'))).rejects.toThrow(
      `${own} belongs to, or can be written by, others`,
    );
    await expect(ask(circle, 'a')).rejects.toThrow('more than 16 files include each other');
    await expect(ask(dir.file('nothing'), 'a')).rejects.toThrow('there is no OpenSSH config');
  });

  test('passes over unknown options that are to be passed over', async () => {
    const file = dir.write('ignore', 'IgnoreUnknown UseK*,sometimes\nSometimes 1\nPort 3\n');

    expect((await ask(file, 'a')).port).toBe(3);
  });
});

describe('Match exec', () => {
  test('matches where the command of the user’s shell exits with 0, as ssh does', async () => {
    for (const text of [
      'Match exec true\n Port 2',
      'Match exec false\n Port 2',
      'Match !exec false\n Port 2',
      'Match host b exec false\n Port 2',
      'HostName %n.x\nUser u\nPort 9\nMatch exec "test %h-%n-%p-%r = a.x-a-9-u"\n IdentityFile hit',
      'Match exec "exit 3"\n Port 2',
      'Match exec "echo %% | grep -q %%"\n Port 2',
      'Match user x exec "test 1 = 1" final\n Port 2',
    ].map((line) => line.replace('HostName %n.x', 'HostName %h.x'))) {
      const file = dir.write('exec', `${text}\n`);

      const ours = inWordsOfSsh('a', await ask(file, 'a'));

      expect([text, ours]).toEqual([text, sshSays(await runSsh(file, 'a'), ours)]);
    }
  });

  test('runs each command once, and only where the words before it match', async () => {
    const file = dir.write(
      'once',
      `Match host c exec "echo skipped >> ${dir.file('trace')}"
Match exec "echo every >> ${dir.file('trace')}"
 User hit
Match host a,b exec "echo %n >> ${dir.file('trace')}"
`,
    );
    const config = await OpensshConfig.read(file, user.home);
    const query = { hostname: null, user: null, port: null, localUser: user };

    const answers = await Promise.all(
      ['a', 'b', 'a', 'd'].map((name) => config.settingsFor({ ...query, name })),
    );

    expect(answers.map((settings) => settings.user)).toEqual(['hit', 'hit', 'hit', 'hit']);
    const trace = readFileSync(dir.file('trace'), 'utf8').trim().split('\n');
    expect(trace.toSorted()).toEqual(['a', 'b', 'every']);
  });

  test('has no input, and its output goes nowhere', async () => {
    const file = dir.write('quiet', 'Match exec "cat; echo loud; echo loud >&2"\n Port 4\n');

    expect((await ask(file, 'a')).port).toBe(4);
  });
});

describe('tokens', () => {
  test('stand for what they stand for in ssh', async () => {
    const value = fc
      .array(
        fc.constantFrom(
          ...['%%', '%C', '%d', '%h', '%i', '%k', '%L', '%l', '%n', '%p', '%r', '%u'],
          ...['x', '/', '$', '$x', `\${XPUSH_TEST_TOKEN}`, '-'],
        ),
        { minLength: 1, maxLength: 8 },
      )
      .map((parts) => parts.join(''));
    const around = fc.constantFrom('', 'HostName %h.y', 'User bob', 'Port 2', 'HostKeyAlias K');
    vi.stubEnv('XPUSH_TEST_TOKEN', `%h \${HOME}`);
    try {
      await fc.assert(
        fc.asyncProperty(value, around, async (text, more) => {
          const file = dir.write('tokens', `UserKnownHostsFile "~/${text}"\n${more}\n`);

          const { hostKey } = await resolveTarget(
            { name: 'A', address: 'A' },
            {
              user,
              agentSocket: null,
              config: await OpensshConfig.read(file, user.home),
              warn: () => {},
            },
          );

          const { userknownhostsfile: [theirs = ''] = [] } = readDump(await runSsh(file, 'A'));
          expect(hostKey.files[0]).toBe(normalize(theirs));
        }),
        { numRuns: runs() },
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('name the files of an Include', async () => {
    dir.write('of-a', 'Port 5\n');
    dir.write('of-b', 'Port 6\n');
    vi.stubEnv('XPUSH_TEST_DIR', dir.path);
    const file = dir.write('opened', `Include \${XPUSH_TEST_DIR}/of-%n\nPort 7\n`);

    const ports = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => (await ask(file, name)).port),
    );

    expect(ports).toEqual([5, 6, 7]);
    vi.unstubAllEnvs();
  });
});

describe('CanonicalizeHostname', () => {
  test.each([
    ['CanonicalDomains example.invalid localdomain.invalid', 'localhost'],
    ['CanonicalDomains none', 'localhost'],
    ['CanonicalizeMaxDots 0', 'a.b'],
    ['CanonicalDomains x.invalid\nHost a\n ProxyCommand x', 'a'],
    ['Match canonical host localhost\n Port 3', 'localhost'],
  ])('leaves a name without an address in %j as ssh leaves it', async (text, name) => {
    const file = dir.write('canonical', `CanonicalizeHostname yes\n${text}\n`);

    const ours = inWordsOfSsh(name, await ask(file, name));

    expect(ours).toEqual(sshSays(await runSsh(file, name), ours));
  });

  test('says that there is no such name where it may not stay as it is', async () => {
    const file = dir.write(
      'strictly',
      'CanonicalizeHostname yes\nCanonicalDomains x.invalid\nCanonicalizeFallbackLocal no\n',
    );

    await expect(ask(file, 'a')).rejects.toThrow('no address is known for "a" in any domain');
  });
});

describe('Match', () => {
  test.each([
    ['Match localnetwork 127.0.0.0/8\n Port 2', 2],
    ['Match localnetwork 198.51.100.0/24,::1\n Port 2', 2],
    ['Match localnetwork 198.51.100.0/24\n Port 2', undefined],
    ['Match !localnetwork 198.51.100.0/24\n Port 2', 2],
    ['Tag blue\nMatch tagged b*\n Port 2', 2],
    ['Match tagged ""\n Port 2', 2],
    ['Match command ""\n Port 2', 2],
    ['Match command x*\n Port 2', undefined],
    ['Match sessiontype exec\n Port 2', 2],
    ['Match sessiontype=shell\n Port 2', undefined],
  ])('knows the words of newer versions of ssh: %j', async (text, port) => {
    expect((await ask(dir.write('newer', `${text}\n`), 'a')).port).toBe(port);
  });
});
