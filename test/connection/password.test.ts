import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ConnectionError,
  createSsh2Transport,
  createTransport,
  type Endpoint,
  type Ssh2TransportOptions,
} from '../../src/connection/index.ts';
import { PasswordTurns } from '../../src/connection/password.ts';
import { allProcesses, ofProcess } from '../processes.ts';
import { until } from '../until.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  listening,
  loginUser,
  makeKey,
  never,
  run,
  sessionsOf,
  startDropbear,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

/** Looked for wherever a password must not be. */
const right = 'Canary7Qz8-right horse';
const wrong = 'Canary7Qz8-wrong horse';

const dir = new TempDir();
let key: KeyPair;

/** A server that takes passwords, with what it logs. */
async function serve(
  name: string,
  config: readonly string[],
  accounts: { readonly isExpired?: boolean } = {},
): Promise<TestServer> {
  return await startSshd(dir, {
    name,
    authorized: [key],
    config: [...config, 'LogLevel VERBOSE'],
    accounts: { password: right, ...accounts },
  });
}

const pam = ['UsePAM yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication yes'];
const plain = ['UsePAM no', 'PasswordAuthentication yes'];

beforeAll(() => {
  key = makeKey(dir, 'key');
});

afterAll(() => dir[Symbol.asyncDispose]());

function secret(value: string) {
  return { reveal: () => value };
}

async function login(
  server: TestServer,
  endpoint: Partial<Endpoint>,
  options: Ssh2TransportOptions = {},
): Promise<string> {
  const transport = createSsh2Transport({ config: 'none', agentSocket: null, ...options });
  const knownHosts = dir.write('known_hosts', knownHostsLines(server));
  try {
    const connection = await transport.connect(
      endpointOf(server, { knownHosts, identity: key.file, ...endpoint }),
      never,
    );
    const { stdout } = await run(connection, 'echo in');
    await connection.close();
    return stdout;
  } finally {
    await transport.close();
  }
}

/** An SSH config with these lines for all hosts. */
function configOf(...lines: readonly string[]): string {
  return dir.write(`config${Math.random()}`, `Host *\n${lines.join('\n')}\n`);
}

const failure = async (attempt: Promise<unknown>): Promise<ConnectionError> => {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectionError)) throw new Error(`no failure: ${error}`);
  return error;
};

const keyless = { config: 'none' } as const;

describe('a password', () => {
  test.each([
    ['OpenSSH', plain],
    ['OpenSSH with PAM that asks questions', pam],
    ['OpenSSH with PAM and both ways', ['UsePAM yes', 'PasswordAuthentication yes']],
  ])('logs in to %s, and a wrong one is told apart', async (name, config) => {
    const server = await serve(name.replaceAll(' ', '-'), [...config, 'PubkeyAuthentication no']);

    expect(await login(server, { password: secret(right) })).toBe('in\n');
    const error = await failure(login(server, { password: secret(wrong) }));

    expect(error.reason).toBe('authentication');
    expect(error.message).toContain('the password was refused');
    expect(error.hint).toContain('It is not sent again in this run');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('Canary');
    const failed = () => server.log().match(/Failed (password|keyboard-interactive)/g) ?? [];
    await until(() => failed().length > 0 && sessionsOf(server).length === 0);
    expect(failed()).toHaveLength(1);
  });

  test('logs in to dropbear', async () => {
    const server = await startDropbear(dir, { authorized: [], accounts: { password: right } });

    expect(await login(server, { password: secret(right) })).toBe('in\n');
    const error = await failure(login(server, { password: secret(wrong) }));

    expect(error.message).toMatch(
      /: tried key .*, password; the password was refused; the server allows publickey,password$/,
    );
  });

  test('is not sent when a key lets us in', async () => {
    const server = await serve('keyfirst', plain);

    expect(await login(server, { password: secret(wrong) })).toBe('in\n');
    expect(server.log()).not.toContain('Failed password');
  });

  test('is sent to no host whose key is another', async () => {
    const server = await serve('other', [...plain, 'PubkeyAuthentication no']);
    const known = `[127.0.0.1]:${server.port} ${key.publicKey}\n`;

    const error = await failure(
      login(server, {
        password: secret(right),
        knownHosts: dir.write('wrong_known_hosts', known),
      }),
    );

    expect(error.reason).toBe('host-key');
    await until(() => sessionsOf(server).length === 0);
    expect(server.log()).toContain('Connection from');
    expect(server.log()).not.toContain('password');
  });

  test('that has expired is not changed', async () => {
    const server = await serve('expired', [...pam, 'PubkeyAuthentication no'], {
      isExpired: true,
    });

    const error = await failure(login(server, { password: secret(right) }));

    expect(error.message).toMatch(/the server asks for something else than the password: "[^"]+"$/);
    expect(error.hint).toContain('--transport openssh');
  });

  test('is still sent where many keys count against MaxAuthTries', async () => {
    const server = await serve('many', [...plain, 'KbdInteractiveAuthentication yes']);
    const strangers = Array.from({ length: 7 }, (_, n) => makeKey(dir, `stranger${n}`));
    const config = configOf(...strangers.map(({ file }) => `IdentityFile ${file}`));
    const transport = createSsh2Transport({ config, agentSocket: null });
    const knownHosts = dir.write('known_hosts', knownHostsLines(server));

    const connection = await transport.connect(
      endpointOf(server, { knownHosts, password: secret(right) }),
      never,
    );
    await connection.close();
    await transport.close();

    expect(server.log()).toContain('Accepted password');
  });

  test('is refused for ssh, which takes it from nobody but a person', async () => {
    const transport = createTransport({ config: 'none' });
    const endpoint = endpointOf({ port: 1 }, { transport: 'openssh', password: secret(right) });

    const error = await failure(transport.connect(endpoint, never));
    await transport.close();

    expect(error.reason).toBe('config');
    expect(error.message).toContain('has a password');
  });

  test('is named by a hint where the server takes one too, and refused the keys', async () => {
    const server = await serve('either', plain);
    const stranger = makeKey(dir, 'stranger_key');

    const error = await failure(login(server, { identity: stranger.file }));

    expect(error.hint).toMatch(/^can you log in with: ssh .*; -k asks for a password/);
  });

  test('is asked for by a hint where the server takes nothing else', async () => {
    const server = await serve('none', [...plain, 'PubkeyAuthentication no']);

    const error = await failure(login(server, {}));

    expect(error.message).toContain('the server allows password');
    expect(error.hint).toContain('-k asks for a password');
  });

  test.each([
    ['PreferredAuthentications publickey'],
    ['PasswordAuthentication no'],
    ['NumberOfPasswordPrompts 0'],
  ])('is not sent where the configuration says %s', async (line) => {
    const server = await serve(line.replaceAll(' ', '-'), [...plain, 'PubkeyAuthentication no']);
    const config = configOf(line);

    await failure(login(server, { password: secret(right) }, { config }));

    expect(server.log()).not.toMatch(/(Failed|Accepted) password/);
  });

  test('goes before keys where the configuration says so', async () => {
    const server = await serve('preferred', plain);
    const config = configOf('PreferredAuthentications password,publickey');

    expect(await login(server, { password: secret(right) }, { config })).toBe('in\n');
    expect(server.log()).toContain('Accepted password');
  });

  test('is in no argument or environment of a process', async () => {
    const server = await serve('argv', [...plain, 'PubkeyAuthentication no']);
    const transport = createSsh2Transport(keyless);
    const knownHosts = dir.write('known_hosts', knownHostsLines(server));
    const connection = await transport.connect(
      endpointOf(server, { knownHosts, identity: key.file, password: secret(right) }),
      never,
    );

    expect(processesWith('Canary7Qz8')).toEqual([]);
    expect(inspect(connection, { depth: 20 })).not.toContain('Canary7Qz8');
    await connection.close();
    await transport.close();
  });

  test('that two hosts have refused is not sent to the others', async () => {
    const fleet = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => serve(`fleet${n}`, [...plain, 'PubkeyAuthentication no'])),
    );
    const knownHosts = dir.write('fleet_known_hosts', fleet.map(knownHostsLines).join(''));
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });

    const errors = await Promise.all(
      fleet.map((server, n) =>
        failure(
          transport.connect(
            endpointOf(server, {
              ...{ name: `xen${n}`, knownHosts, identity: key.file },
              password: secret(wrong),
            }),
            never,
          ),
        ),
      ),
    );
    await transport.close();

    await until(() => fleet.every((server) => sessionsOf(server).length === 0));
    const failed = fleet.filter((server) => server.log().includes('Failed password'));
    expect(failed).toHaveLength(2);
    const heldBack = errors.filter(({ message }) => message.includes('the password was not sent'));
    expect(heldBack).toHaveLength(3);
  });

  test('that was refused is not sent to the same host again', async () => {
    const server = await serve('again', [...plain, 'PubkeyAuthentication no']);
    const knownHosts = dir.write('known_hosts', knownHostsLines(server));
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });
    const endpoint = endpointOf(server, {
      ...{ knownHosts, identity: key.file, password: secret(wrong) },
    });

    const first = await failure(transport.connect(endpoint, never));
    const second = await failure(transport.connect(endpoint, never));
    await transport.close();

    expect(second.message).toBe(first.message);
    await until(() => sessionsOf(server).length === 0);
    expect(server.log().match(/Failed password/g)).toHaveLength(1);
  });
});

describe('several ways to log in, one after the other', () => {
  test.each([
    ['publickey,password', plain],
    ['publickey,keyboard-interactive', pam],
    ['password,publickey', plain],
  ])('as %s', async (methods, config) => {
    const server = await serve(`methods-${methods}`, [
      ...config,
      `AuthenticationMethods ${methods}`,
    ]);

    expect(await login(server, { password: secret(right) })).toBe('in\n');
  });

  test('say what is still wanted', async () => {
    const server = await serve('more', [...plain, 'AuthenticationMethods publickey,password']);

    const error = await failure(login(server, {}));
    const wrongOne = await failure(login(server, { password: secret(wrong) }));

    expect(error.message).toMatch(/: tried key .*; after that the server still wants password$/);
    expect(error.hint).toContain('-k asks for a password');
    expect(wrongOne.message).toContain('the password was refused');
  });

  test('take two keys', async () => {
    const other = makeKey(dir, 'other');
    const server = await startSshd(dir, {
      name: 'twokeys',
      authorized: [key, other],
      config: ['AuthenticationMethods publickey,publickey'],
    });
    const config = configOf(`IdentityFile ${key.file}`, `IdentityFile ${other.file}`);
    const transport = createSsh2Transport({ config, agentSocket: null });
    const knownHosts = dir.write('known_hosts', knownHostsLines(server));

    const connection = await transport.connect(endpointOf(server, { knownHosts }), never);
    await connection.close();
    await transport.close();

    expect(server.log()).not.toContain('Failed');
  });
});

/** A server of ssh2 that asks what it is told to ask. */
async function asking(onLogin: (context: ssh2.AuthContext) => void) {
  const hostKey = makeKey(dir, `asking${Math.random()}`);
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKey.file)] }, (client) => {
    client.on('error', () => {}).on('authentication', onLogin);
  });
  // ssh2's server is a net.Server but for its type
  const started = await listening(Reflect.get(server, '_srv'));
  return { ...started, hostKeys: [hostKey] };
}

describe('a server with questions', () => {
  test.each([
    [[{ prompt: 'Verification code: ', echo: false }], '"Verification code:"'],
    [[{ prompt: 'Password: ', echo: true }], '"Password:"'],
    [
      [
        { prompt: 'Password: ', echo: false },
        { prompt: '\u001b[2JToken', echo: false },
      ],
      '"Password:", "\\x1b[2JToken"',
    ],
  ])('for something else is refused: %j', async (prompts, words) => {
    const answers: string[] = [];
    await using server = await asking((context) => {
      if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
      else context.prompt(prompts, (given) => answers.push(...given));
    });
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });
    const knownHosts = dir.write(
      'ask',
      `[127.0.0.1]:${server.port} ${server.hostKeys[0]?.publicKey}\n`,
    );
    const endpoint = endpointOf(server, { knownHosts, password: secret(right) });

    const error = await failure(transport.connect(endpoint, never));
    await transport.close();

    expect(error).toMatchObject({
      reason: 'authentication',
      message: `authentication failed as ${loginUser}: the server asks for something else than the password: ${words}`,
      hint: 'one-time codes and the like cannot be given to a fleet, by --transport openssh neither: let a key in there',
    });
    expect(answers).toEqual([]);
  });

  test('that wants the password changed is refused', async () => {
    await using server = await asking((context) => {
      if (context.method !== 'password') context.reject(['password']);
      else context.requestChange('Change it', () => {});
    });
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });
    const knownHosts = dir.write(
      'ask',
      `[127.0.0.1]:${server.port} ${server.hostKeys[0]?.publicKey}\n`,
    );

    const error = await failure(
      transport.connect(endpointOf(server, { knownHosts, password: secret(right) }), never),
    );
    await transport.close();

    expect(error.message).toContain('the server wants the password changed first');
  });
});

describe('PasswordTurns', () => {
  test('holds back what was refused twice, for that user and that password only', async () => {
    const turns = new PasswordTurns();
    for (const _ of [1, 2]) (await turns.take('root', secret('one')))?.end('refused');

    expect(await turns.take('root', secret('one'))).toBeNull();
    expect(await turns.take('root', secret('two'))).not.toBeNull();
    expect(await turns.take('admin', secret('one'))).not.toBeNull();
  });

  test('lets as many more wait for an answer as have been let in', async () => {
    const turns = new PasswordTurns();
    const password = secret('one');
    const taken: string[] = [];
    const take = async (name: string) => {
      const turn = await turns.take('root', password);
      taken.push(name);
      return turn;
    };
    const [first, second] = [await take('a'), await take('b')];
    const waiting = ['c', 'd', 'e', 'f'].map(take);

    expect(taken).toEqual(['a', 'b']);
    first?.end('accepted');
    second?.end('unknown');
    await Promise.all(waiting.slice(0, 3));
    expect(taken).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const turn of waiting.slice(0, 3)) (await turn)?.end('refused');
    expect(await waiting[3]).toBeNull();
  });
});

/** Processes in whose arguments or environment a text is. */
function processesWith(text: string): readonly number[] {
  return allProcesses().filter((pid) =>
    ['cmdline', 'environ'].some((file) =>
      ofProcess(pid, (directory) => readFileSync(`${directory}/${file}`, 'latin1')).includes(text),
    ),
  );
}
