import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Connection as ServerClient } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Connection,
  createSsh2Transport,
  type Endpoint,
  type Ssh2Transport,
} from '../../src/connection/index.ts';
import { startDelayRelay } from '../bench/delay-relay.ts';
import { until } from '../until.ts';
import { sendRaw, sshString, startOddServer, startProxy } from './faults.ts';
import {
  endpointOf,
  type KeyPair,
  loginUser,
  makeKey,
  never,
  startDropbear,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let key: KeyPair;
let other: KeyPair;
let rsa: KeyPair;
let hostKey: KeyPair;
let openssh: TestServer;
let dropbear: TestServer;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  other = makeKey(dir, 'other');
  rsa = makeKey(dir, 'rsa', { type: 'rsa' });
  hostKey = makeKey(dir, 'host');
  openssh = await startSshd(dir, { name: 'good', authorized: [key] });
  dropbear = await startDropbear(dir, { authorized: [key, rsa] });
});

afterAll(() => dir[Symbol.asyncDispose]());

const servers = () => ({ openssh, dropbear });
type ServerName = keyof ReturnType<typeof servers>;
const command = 'exec /bin/sh -s';

const newTransport = () => createSsh2Transport({ config: 'none', agentSocket: null });

interface Reached {
  readonly port: number;
  readonly hostKey?: string;
}

/** Connects, with the input as the first thing that the host is to run. */
async function connect(
  server: Reached,
  input: string,
  rest: Partial<Endpoint> = {},
  transport: Ssh2Transport = newTransport(),
): Promise<Connection> {
  const { hostKey: pin = openssh.hostKeys[0]?.publicKey ?? '' } = server;
  const endpoint = endpointOf(server, { identity: key.file, hostKey: pin, ...rest });
  return transport.connect(endpoint, never, { command, input });
}

/** A proxy before a server, for the sake of its count of connections. */
async function counted(server: TestServer) {
  const proxy = await startProxy(server.port);
  return {
    port: proxy.port,
    hostKey: server.hostKeys[0]?.publicKey ?? '',
    count: () => proxy.line.connections,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** What the engine does: takes what was begun, or gives it the input now. */
async function finish(connection: Connection, input: string, rest = '') {
  const exec = await connection.exec(command);
  if (exec.given === undefined) exec.stdin.write(input);
  exec.stdin.end(rest);
  const [stdout, outcome] = await Promise.all([textOf(exec.stdout), exec.outcome]);
  await connection.close();
  return { wasAhead: exec.given === input, stdout, outcome };
}

const good = { kind: 'exit', code: 0 };

describe.each(['openssh', 'dropbear'] as const)('a first command on %s', (name: ServerName) => {
  test('is begun along with the login, and reads on', async () => {
    await using server = await counted(servers()[name]);

    const connection = await connect(server, 'echo begun\n');
    const ended = await finish(connection, 'echo begun\n', 'echo more; exit 7\n');

    expect(ended.stdout).toBe('begun\nmore\n');
    expect(ended.outcome).toEqual({ kind: 'exit', code: 7 });
    expect(server.count()).toBe(1);
  });

  test.each([0, 1, 24_560, 24_561, 24_562, 24_576, 32_000, 131_100, 3_000_000])(
    'gets all of %i bytes, and then what follows',
    async (size) => {
      await using server = await counted(servers()[name]);
      const input = `wc -c <<'E'\n${'x'.repeat(size)}\nE\n`;
      const rest = `wc -c <<'E'\n${'y'.repeat(size)}\nE\n`;

      const ended = await finish(await connect(server, input), input, rest);

      expect(ended).toEqual({
        wasAhead: true,
        stdout: `${size + 1}\n${size + 1}\n`,
        outcome: good,
      });
      expect(server.count()).toBe(1);
    },
  );

  test('may be another than the one that was sent ahead', async () => {
    const connection = await connect(await counted(servers()[name]), 'sleep 60\n');

    const exec = await connection.exec('echo other');
    exec.stdin.end();

    expect(exec.given).toBeUndefined();
    expect(await textOf(exec.stdout)).toBe('other\n');
    await connection.close();
  });

  test('runs once, where the first key is refused and the second is not', async () => {
    const config = dir.write(
      `two-keys-${name}`,
      `Host *\n IdentityFile ${other.file}\n IdentityFile ${key.file}\n IdentitiesOnly yes\n`,
    );
    const marks = dir.file(`marks-${name}`);
    const input = `echo ran >>${marks}\n`;
    await using server = await counted(servers()[name]);
    const transport = createSsh2Transport({ config, agentSocket: null });
    const { identity: _none, ...endpoint } = endpointOf(server, { hostKey: server.hostKey });

    for (const connections of [2, 3]) {
      const connection = await transport.connect(endpoint, never, { command, input });
      expect((await finish(connection, input)).outcome).toEqual(good);
      // the second time the host is known to refuse what is sent ahead
      expect(server.count()).toBe(connections);
    }

    expect(readFileSync(marks, 'utf8')).toBe('ran\nran\n');
  });

  test('is not sent ahead to others by a key that more hosts refuse than let in', async () => {
    const config = dir.write(
      `order-${name}`,
      `Host *\n IdentityFile ${other.file}\n IdentityFile ${key.file}\n IdentitiesOnly yes\n`,
    );
    const transport = createSsh2Transport({ config, agentSocket: null });
    const connections: number[] = [];
    for (let host = 0; host < 3; host += 1) {
      await using server = await counted(servers()[name]);
      const { identity: _none, ...endpoint } = endpointOf(server, { hostKey: server.hostKey });
      const connection = await transport.connect(endpoint, never, { command, input: '' });
      await finish(connection, '');
      connections.push(server.count());
    }

    expect(connections).toEqual([2, 1, 1]);
  });

  test('does not run where no key is taken', async () => {
    const mark = dir.file(`refused-${name}`);
    await using server = await counted(servers()[name]);

    const attempt = connect(server, `echo ran >>${mark}\n`, { identity: other.file });

    await expect(attempt).rejects.toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining(`tried key ${other.file}`),
    });
    expect(existsSync(mark)).toBe(false);
    expect(server.count()).toBe(2);
  });

  test('waits for few answers', async () => {
    const flights: number[] = [];
    for (const isAhead of [true, false]) {
      const { port, hostKeys } = servers()[name];
      await using relay = await startDelayRelay(port, 25);
      const pin = hostKeys[0]?.publicKey ?? '';
      const endpoint = endpointOf(relay, { identity: key.file, hostKey: pin });
      // as much as the default playbook asks of a dom0
      const first = { command, input: `: ${'x'.repeat(24_000)}\necho done\n` };
      const connection = await newTransport().connect(endpoint, never, ...(isAhead ? [first] : []));
      const exec = await connection.exec(command);
      if (exec.given === undefined) exec.stdin.write(first.input);
      await new Promise((resolve) => exec.stdout.once('data', resolve));
      flights.push(relay.flights);
      await connection.close();
    }

    const [ahead = 0, stock = 0] = flights;
    // our name, our algorithms, our half of the key, and all the rest
    expect(ahead).toBeLessThanOrEqual(4);
    expect(stock).toBeGreaterThanOrEqual(8);
  });
});

describe('a first command is begun along with the login', () => {
  const input = 'echo done\n';

  /** By an OpenSSH server that has these keys and lines. */
  async function begun(
    authorized: readonly KeyPair[],
    config: readonly string[],
    rest: Partial<Endpoint> = {},
    transport = newTransport(),
  ) {
    const { hostKeys } = openssh;
    await using sshd = await startSshd(dir, { authorized, config, hostKeys });
    await using server = await counted(sshd);
    const connection = await connect(server, input, { identity: key.file, ...rest }, transport);
    return { ...(await finish(connection, input)), connections: server.count() };
  }

  test.each([
    ['an RSA key', () => rsa],
    ['an ECDSA key', () => makeKey(dir, 'ecdsa', { type: 'ecdsa' })],
  ])('with %s', async (_what, make) => {
    const special = make();

    const ended = await begun([special], [], { identity: special.file });

    expect(ended).toEqual({ wasAhead: true, stdout: 'done\n', outcome: good, connections: 1 });
  });

  test('with an RSA key, by the one algorithm that the server names', async () => {
    // it knows no rsa-sha2-512
    await using server = await counted(dropbear);

    const ended = await finish(await connect(server, input, { identity: rsa.file }), input);

    expect(ended).toEqual({ wasAhead: true, stdout: 'done\n', outcome: good });
    expect(server.count()).toBe(1);
  });

  test('with an RSA key, by another algorithm, over a second connection', async () => {
    // OpenSSH names all that it knows, whatever it allows
    const config = ['PubkeyAcceptedAlgorithms rsa-sha2-256'];

    const ended = await begun([rsa], config, { identity: rsa.file });

    expect(ended).toEqual({ wasAhead: false, stdout: 'done\n', outcome: good, connections: 2 });
  });

  test('with a certificate', async () => {
    const authority = makeKey(dir, 'authority');
    const certified = makeKey(dir, 'certified');
    execFileSync(
      'ssh-keygen',
      ['-q', '-s', authority.file, '-I', 'me', '-n', loginUser, `${certified.file}.pub`],
      { stdio: 'ignore' },
    );

    const config = [`TrustedUserCAKeys ${authority.file}.pub`];
    const ended = await begun([], config, { identity: certified.file });

    expect(ended).toEqual({ wasAhead: true, stdout: 'done\n', outcome: good, connections: 1 });
  });

  test('with a key that only an agent has', async () => {
    const agentSocket = dir.file('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', agentSocket], { stdio: 'ignore' });
    try {
      await until(() => existsSync(agentSocket));
      execFileSync('ssh-add', ['-q', key.file], {
        env: { ...process.env, SSH_AUTH_SOCK: agentSocket },
        stdio: 'ignore',
      });
      const config = dir.write('agent-config', 'Host *\n IdentityFile /nowhere\n');
      const transport = createSsh2Transport({ config, agentSocket });
      await using server = await counted(openssh);
      const { identity: _none, ...endpoint } = endpointOf(server, { hostKey: server.hostKey });

      const connection = await transport.connect(endpoint, never, { command, input });

      expect((await finish(connection, input)).wasAhead).toBe(true);
      expect(server.count()).toBe(1);
    } finally {
      agent.kill();
    }
  });

  test.each([
    ['a banner', [`Banner /etc/passwd`]],
    ['one session only', ['MaxSessions 1']],
    ['one attempt only', ['MaxAuthTries 1']],
    ['its keys renewed with every kilobyte', ['RekeyLimit 1K']],
    ['no group of keys but one', ['KexAlgorithms diffie-hellman-group14-sha256']],
    ['another cipher', ['Ciphers aes256-ctr', 'MACs hmac-sha2-256-etm@openssh.com']],
  ])('where the server has %s', async (_what, config) => {
    const ended = await begun([key], config);

    expect(ended).toEqual({ wasAhead: true, stdout: 'done\n', outcome: good, connections: 1 });
  });

  test('where the server has a command of its own, which gets the input', async () => {
    const ended = await begun([key], ['ForceCommand cat; echo "[$SSH_ORIGINAL_COMMAND]"']);

    expect(ended).toMatchObject({ stdout: `${input}[${command}]\n`, connections: 1 });
  });

  test('where two keys are wanted, over a second connection', async () => {
    const config = dir.write(
      'both-keys',
      `Host *\n IdentityFile ${other.file}\n IdentityFile ${key.file}\n IdentitiesOnly yes\n`,
    );
    const transport = createSsh2Transport({ config, agentSocket: null });
    const lines = ['AuthenticationMethods publickey,publickey'];

    const { identity: _none, ...rest } = endpointOf({ port: 0 }, {});
    await using sshd = await startSshd(dir, {
      name: 'both',
      hostKeys: openssh.hostKeys,
      authorized: [key, other],
      config: lines,
    });
    await using server = await counted(sshd);
    const endpoint = { ...rest, port: server.port, hostKey: server.hostKey };
    const connection = await transport.connect(endpoint, never, { command, input });

    expect((await finish(connection, input)).stdout).toBe('done\n');
    expect(server.count()).toBe(2);
  });

  test('or is refused with the same words, where there are no sessions', async () => {
    await using sshd = await startSshd(dir, {
      name: 'closed',
      hostKeys: openssh.hostKeys,
      authorized: [key],
      config: ['MaxSessions 0'],
    });
    const transport = newTransport();
    const said: string[] = [];
    for (const isAhead of [true, false]) {
      const hostKeyPin = sshd.hostKeys[0]?.publicKey ?? '';
      const endpoint = endpointOf(sshd, { identity: key.file, hostKey: hostKeyPin });
      const first = isAhead ? [{ command, input }] : [];
      const connection = await transport.connect(endpoint, never, ...first);
      const refused = await connection.exec(command).catch((error: Error) => error);
      said.push(String(refused));
      await connection.close();
    }

    expect(said[0]).toMatch(/ did not open a session: /);
    expect(said[0]).toBe(said[1]);
  });

  test('through a jump host, whose login does not wait to be asked for either', async () => {
    await using server = await counted(openssh);
    await using relay = await startDelayRelay(openssh.port, 25);
    const jump = endpointOf(relay, { name: 'hop', identity: key.file, hostKey: server.hostKey });

    const connection = await connect(server, input, { jump: [jump] });
    const { flights } = relay;

    expect(await finish(connection, input)).toEqual({
      ...{ wasAhead: true, stdout: 'done\n', outcome: good },
    });
    expect(server.count()).toBe(1);
    // seven; two more where the server is asked first whether it would take the key
    expect(flights).toBeLessThanOrEqual(8);
  });
});

/** What ssh2's server keeps to itself and an odd one must change. */
interface ServerInnards {
  readonly _chanMgr: { _cur: number };
  readonly _protocol: {
    readonly _handlers: {
      CHANNEL_OPEN: () => void;
      CHANNEL_REQUEST: () => void;
      CHANNEL_DATA: () => void;
    };
  };
}

const innardsOf = (client: ServerClient) => client as unknown as ServerInnards;

/** Sends a server's answers to a login: 52 is yes, 51 is no (RFC 4252, 6). */
const says = (client: ServerClient, type: 51 | 52) =>
  sendRaw(
    client,
    type === 52
      ? Buffer.from([52])
      : Buffer.concat([Buffer.from([51]), sshString('publickey'), Buffer.from([0])]),
  );

/** Opens a channel as our first one: its number there, its window and the size of its packets. */
const opens = (client: ServerClient, sender: number, window: number, packet: number) => {
  const message = Buffer.alloc(17);
  message[0] = 91;
  for (const [index, value] of [0, sender, window, packet].entries()) {
    message.writeUInt32BE(value, 1 + 4 * index);
  }
  sendRaw(client, message);
};

describe('a server that takes it in another way', () => {
  const input = 'echo done\n';

  /** Runs what it is given, by a real sh. */
  function runShell(client: ServerClient): void {
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command: line }) => {
        const channel = acceptExec();
        const child = spawn('/bin/sh', ['-c', line], { stdio: 'pipe' });
        channel.pipe(child.stdin);
        child.stdout.on('data', (chunk) => channel.write(chunk));
        child.on('close', (code) => {
          channel.exit(code ?? 1);
          channel.end();
        });
      });
    });
  }

  const letIn = (client: ServerClient) => {
    client.on('authentication', (attempt) =>
      attempt.method === 'publickey' ? attempt.accept() : attempt.reject(['publickey']),
    );
    runShell(client);
  };

  /** Behaves so at the first connection, and like all others at those after it. */
  async function reach(first: (client: ServerClient) => void, rest: Partial<Endpoint> = {}) {
    let connections = 0;
    await using server = await startOddServer(hostKey, (client) => {
      connections += 1;
      if (connections === 1) first(client);
      else letIn(client);
    });
    const ended = await finish(await connect(server, input, rest), input);
    return { ...ended, connections };
  }

  test('is taken like any other when it is none', async () => {
    expect(await reach(letIn)).toEqual({
      ...{ wasAhead: true, stdout: 'done\n', outcome: good, connections: 1 },
    });
  });

  test('counts its channels from another number', async () => {
    let connections = 0;
    await using server = await startOddServer(hostKey, (client) => {
      connections += 1;
      innardsOf(client)._chanMgr._cur = 41;
      letIn(client);
    });
    const transport = newTransport();

    for (const expected of [2, 3]) {
      const ended = await finish(await connect(server, input, {}, transport), input);
      // the login and the channel are in one flight still
      expect(ended).toEqual({ wasAhead: true, stdout: 'done\n', outcome: good });
      expect(connections).toBe(expected);
    }
  });

  test.each([
    [
      'hangs up at a channel that comes before its yes',
      (client: ServerClient) => {
        client.on('authentication', () => {});
        innardsOf(client)._protocol._handlers.CHANNEL_OPEN = () => client.end();
      },
    ],
    ['hangs up after its yes', (client) => void letYes(client, () => client.end())],
    ['says no', (client) => void client.on('authentication', () => says(client, 51))],
    [
      'says no, and then yes',
      (client) => {
        client.on('authentication', () => {
          says(client, 51);
          says(client, 52);
        });
      },
    ],
    [
      'opens the channel before its yes',
      (client) => {
        client.on('authentication', () => {
          opens(client, 0, 100_000, 32_768);
          says(client, 52);
        });
      },
    ],
    [
      'opens the channel without any yes',
      (client) => {
        client.on('authentication', () => opens(client, 0, 100_000, 32_768));
      },
    ],
    [
      'opens too narrow a window',
      (client) => void letYes(client, () => opens(client, 0, 5, 32_768)),
    ],
    [
      'takes too small packets',
      (client) => void letYes(client, () => opens(client, 0, 100_000, 5)),
    ],
    [
      'refuses the channel',
      (client) => {
        letYes(client, () => {
          const refusal = Buffer.alloc(17);
          refusal[0] = 92;
          sendRaw(client, refusal);
        });
      },
    ],
    [
      'says yes before it was asked',
      (client) => void client.on('handshake', () => says(client, 52)),
    ],
    ['never answers', () => {}],
    ['never opens the channel', (client) => void letYes(client, () => {})],
    [
      'never answers to the command',
      (client) => void letYes(client, () => opens(client, 0, 100_000, 32_768)),
    ],
    [
      'refuses the command',
      (client) => {
        letYes(client, () => {
          opens(client, 0, 100_000, 32_768);
          sendRaw(client, Buffer.from([100, 0, 0, 0, 0]));
        });
      },
    ],
    [
      'takes the command, but opens no window for its input',
      (client) => {
        letYes(client, () => {
          opens(client, 0, 0, 32_768);
          sendRaw(client, Buffer.from([99, 0, 0, 0, 0]));
        });
      },
    ],
  ] as [string, (client: ServerClient) => void][])('%s', async (_what, behave) => {
    const ended = await reach(behave, { connectTimeoutMs: 1_000 });

    expect(ended).toMatchObject({ stdout: 'done\n', outcome: good, connections: 2 });
  });

  /** Says yes, and takes nothing that belongs to channels by itself. */
  function letYes(client: ServerClient, then: () => void): void {
    const { _handlers } = innardsOf(client)._protocol;
    for (const name of ['CHANNEL_OPEN', 'CHANNEL_REQUEST', 'CHANNEL_DATA'] as const) {
      _handlers[name] = () => {};
    }
    client.on('authentication', () => {
      says(client, 52);
      then();
    });
  }

  test.each([
    ['yes twice', [52, 52]],
    ['yes, and then no', [52, 51, 51]],
  ] as const)('says %s', async (_what, answers) => {
    const ended = await reach((client) => {
      runShell(client);
      client.on('authentication', (attempt) => {
        attempt.accept();
        for (const answer of answers.slice(1)) says(client, answer);
      });
    });

    expect(ended).toMatchObject({ stdout: 'done\n', outcome: good, connections: 1 });
  });

  test('is told nothing when its key is not the right one', async () => {
    let authentications = 0;
    await using server = await startOddServer(hostKey, (client) => {
      client.on('authentication', () => {
        authentications += 1;
      });
      client.on('session', () => {
        authentications += 1;
      });
    });

    const attempt = connect({ port: server.port, hostKey: other.publicKey }, input);

    await expect(attempt).rejects.toMatchObject({ reason: 'host-key' });
    expect(authentications).toBe(0);
  });
});
