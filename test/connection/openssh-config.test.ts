import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localUser } from '../../src/connection/local-user.ts';
import { OpensshConfig } from '../../src/connection/openssh-config.ts';
import type { OpensshSettings } from '../../src/connection/openssh-settings.ts';
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
    localUser: user.name,
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
  const checking = { yes: 'true', ask: 'ask', no: 'false', 'accept-new': 'accept-new' };
  const one = (value: string | number | null | undefined) =>
    value === undefined || value === null ? [] : [String(value)];
  const isProxyCommand = settings.unsupported.some(({ keyword }) => keyword === 'ProxyCommand');
  return {
    hostname: [(settings.hostname ?? name).toLowerCase()],
    user: [settings.user ?? user.name],
    port: [String(settings.port ?? 22)],
    identityfile:
      settings.identityFiles.length > 0 ? settings.identityFiles : defaults.identityfile,
    identitiesonly: [flag(settings.identitiesOnly)],
    identityagent: one(settings.identityAgent),
    userknownhostsfile: [settings.userKnownHostsFiles?.join(' ') ?? defaults.userknownhostsfile],
    globalknownhostsfile: [
      settings.globalKnownHostsFiles?.join(' ') ?? defaults.globalknownhostsfile,
    ],
    hostkeyalias: one(settings.hostKeyAlias),
    stricthostkeychecking: [checking[settings.strictHostKeyChecking ?? 'ask']],
    hashknownhosts: [flag(settings.hashKnownHosts)],
    connecttimeout: [settings.connectTimeoutMs ? String(settings.connectTimeoutMs / 1000) : 'none'],
    proxyjump: one(settings.proxyJump),
    proxycommand: isProxyCommand ? ['some'] : [],
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
      if (key === 'proxycommand') return [key, values.map(() => 'some')];
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
    );
    const criterion = fc.oneof(
      fc.tuple(fc.constantFrom('host', '!host', 'originalhost'), pattern),
      fc.tuple(fc.constantFrom('user', '!user', 'localuser'), fc.constantFrom('root', 'bob', '*')),
      fc.constantFrom(['final'], ['!final'], ['canonical']),
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

    const query = { name: 'a', hostname: null, user: null, port: null, localUser: 'me' };
    expect(config.settingsFor(query)).toMatchObject({
      port: 77,
      hostKeyAlias: 'more',
      user: 'last',
    });
    expect((await OpensshConfig.read('none', dir.file('home'))).settingsFor(query)).toEqual({
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

    const settings = (await OpensshConfig.read(file, user.home)).settingsFor({
      name: 'a',
      hostname: '10.0.0.9',
      user: 'bob',
      port: 2222,
      localUser: 'me',
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
    ['StrictHostKeyChecking perhaps', 'table:1: StrictHostKeyChecking is not "perhaps"'],
    ['ConnectTimeout 10x', 'table:1: ConnectTimeout is a time, not "10x"'],
    ['Match all host a', 'table:1: Match all stands alone'],
    ['Match host', 'table:1: Match host wants a value'],
    ['Match nothing x', 'table:1: Match nothing is not understood here'],
    [
      'Match exec true',
      'table:1: Match exec is not run; take it out, or name another configuration with -F',
    ],
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

  test('runs nothing', async () => {
    const trace = dir.file('trace');
    const file = dir.write(
      'exec',
      `Match host b exec "touch ${trace}"\n Port 2\nHost a\n Port 3\n`,
    );

    expect((await ask(file, 'a')).port).toBe(3);
    await expect(ask(file, 'b')).rejects.toThrow('Match exec is not run');
    expect(spawnSync('test', ['-e', trace]).status).toBe(1);
  });
});
