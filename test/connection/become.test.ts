import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Connection,
  ConnectionError,
  createTransport,
  type Endpoint,
  type RunTransport,
  type TransportName,
} from '../../src/connection/index.ts';
import type { Become } from '../../src/connection/transport.ts';
import { becomeRoom, type Room, roomPassword } from './become-room.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  makeKey,
  never,
  run,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const isRoot = userInfo().uid === 0;

/** A secret that tells who asks for it. */
const password = (text: string) => ({ reveal: () => text });
const right = password(roomPassword);
const wrong = password('not-the-password');

describe.skipIf(!isRoot)('Becoming', () => {
  let dir: TempDir;
  let key: KeyPair;
  /** The real methods, as Debian has them. */
  let room: Room;
  let server: TestServer;
  /** No sudo and no doas; su is busybox's. */
  let bare: { readonly room: Room; readonly server: TestServer };
  let knownHosts: string;

  beforeAll(async () => {
    dir = new TempDir();
    key = makeKey(dir, 'key');
    room = becomeRoom(dir, 'room', { keys: [key] });
    server = await startSshd(dir, {
      authorized: [key],
      config: room.config,
      within: room.argv,
    });
    const bareRoom = becomeRoom(dir, 'bare', {
      ...{ keys: [key], without: ['sudo', 'doas'], busyboxSu: true },
    });
    bare = {
      room: bareRoom,
      server: await startSshd(dir, {
        ...{ name: 'bare', authorized: [key], config: bareRoom.config, within: bareRoom.argv },
      }),
    };
    knownHosts = dir.write('known_hosts', knownHostsLines(server) + knownHostsLines(bare.server));
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await bare.server[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  function endpoint(
    user: string,
    become: Partial<Become>,
    more: Partial<Endpoint> = {},
    on = server,
  ): Endpoint {
    const { file: identity } = key;
    return endpointOf(on, {
      ...{ user, identity, knownHosts },
      become: { method: 'sudo', user: 'root', ...become },
      ...more,
    });
  }

  /** A run's transport that ends with its scope. */
  function transportOfRun(): RunTransport & AsyncDisposable {
    const transport = createTransport({ config: 'none', agentSocket: null });
    return Object.assign(transport, {
      [Symbol.asyncDispose]: async () => await transport.close(),
    });
  }

  /** Connects as a run does: with a first command, and what it reads. */
  async function connect(transport: RunTransport, to: Endpoint): Promise<Connection> {
    return await transport.connect(to, never, { command: 'exec /bin/sh -s', input: 'id -un\n' });
  }

  /** What the first command says when it reads `input`, or just what was given to it. */
  async function first(connection: Connection, input = ''): Promise<string> {
    const exec = await connection.exec('exec /bin/sh -s');
    if (exec.given === undefined || exec.given === '') exec.stdin.write('id -un\n');
    exec.stdin.end(input);
    exec.stderr.resume();
    let said = '';
    exec.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await exec.outcome;
    return said;
  }

  async function refusal(to: Endpoint): Promise<ConnectionError> {
    await using transport = transportOfRun();
    const error = await connect(transport, to).then(
      () => new Error('it let us in'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof ConnectionError)) throw error;
    return error;
  }

  /** Passwords that are tried while `work` is done. */
  async function triedBy(work: () => Promise<unknown>, where = room): Promise<readonly string[]> {
    const before = where.tried().length;
    await work();
    return where.tried().slice(before);
  }

  describe.each(['ssh2', 'openssh'] satisfies TransportName[])('over %s', (by) => {
    test.each([
      ['sudo without a password', 'free', { method: 'sudo' }],
      ['sudo with a password', 'ops', { method: 'sudo', password: right }],
      ['doas', 'free', { method: 'doas' }],
      ['su', 'ops', { method: 'su', password: right }],
    ] as const)('programs run as root by %s', async (_, user, become) => {
      await using transport = transportOfRun();
      const connection = await connect(transport, endpoint(user, become, { transport: by }));
      const input = 'echo "$HOME $# $SSH_CONNECTION"\n';
      expect(await first(connection, input)).toMatch(
        new RegExp(`^root\n/root 0 127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${server.port}\n$`),
      );
      const again = await run(connection, "echo 'it is' $(id -un); exit 7");
      expect(again).toMatchObject({ stdout: 'it is root\n', outcome: { kind: 'exit', code: 7 } });
    });

    test('they run as any other user', async () => {
      await using transport = transportOfRun();
      const to = endpoint('ops', { user: 'lister', password: right }, { transport: by });
      expect(await first(await connect(transport, to))).toBe('lister\n');
    });

    test('a password is tried once, and only where one is asked for', async () => {
      await using transport = transportOfRun();
      const visit = async (user: string, become: Partial<Become>) => {
        const connection = await connect(transport, endpoint(user, become, { transport: by }));
        await first(connection);
        await connection.close();
      };
      expect(await triedBy(() => visit('ops', { password: right }))).toEqual([roomPassword]);
      expect(await triedBy(() => visit('free', { password: right }))).toEqual([]);
      expect(await triedBy(() => visit('free', { method: 'doas', password: right }))).toEqual([]);
      const su = { method: 'su', password: right } as const;
      expect(await triedBy(() => visit('ops', su))).toEqual([roomPassword]);
    });

    test.each(['sudo', 'su'] as const)(
      'a wrong password of %s is tried once a run',
      async (method) => {
        await using transport = transportOfRun();
        const to = endpoint('ops', { method, password: wrong }, { transport: by });
        const attempt = () =>
          expect(connect(transport, to)).rejects.toThrow(/refused the password/);
        expect(await triedBy(attempt)).toEqual([wrong.reveal()]);
        expect(await triedBy(attempt)).toEqual([]);
      },
    );
  });

  test('without a password the program travels with the login', async () => {
    await using transport = transportOfRun();
    const connection = await connect(transport, endpoint('free', {}));
    const exec = await connection.exec('exec /bin/sh -s');
    expect(exec.given).toBe('id -un\n');
    exec.stdin.end();
    exec.stdout.resume();
    exec.stderr.resume();
    await exec.outcome;
  });

  test('with one no program goes before it, nor by su', async () => {
    await using transport = transportOfRun();
    for (const become of [{ password: right }, { method: 'su', password: right }] as const) {
      const connection = await connect(transport, endpoint('ops', become));
      const exec = await connection.exec('exec /bin/sh -s');
      expect(exec.given ?? '').toBe('');
      exec.stdin.end();
      exec.stdout.resume();
      exec.stderr.resume();
      await exec.outcome;
    }
  });

  test('what is written comes to the program whole, and its end too', async () => {
    await using transport = transportOfRun();
    const bytes = Buffer.alloc(300_000, 'The quick brown fox.\n').toString();
    for (const become of [{}, { password: right }]) {
      const user = become.password === undefined ? 'free' : 'ops';
      const connection = await connect(transport, endpoint(user, become));
      const exec = await connection.exec('cat');
      exec.stdin.end(bytes);
      exec.stderr.resume();
      const said: Buffer[] = [];
      for await (const chunk of exec.stdout) said.push(chunk);
      expect(Buffer.concat(said).toString() === bytes).toBe(true);
      expect(await exec.outcome).toEqual({ kind: 'exit', code: 0 });
    }
  });

  test('who is that user already needs no method', async () => {
    await using transport = transportOfRun();
    const to = endpoint('root', { password: wrong }, {}, bare.server);
    expect(
      await triedBy(
        async () => expect(await first(await connect(transport, to))).toBe('root\n'),
        bare.room,
      ),
    ).toEqual([]);
  });

  test("busybox's su asks in its own way", async () => {
    await using transport = transportOfRun();
    const su = { method: 'su', password: right } as const;
    const connection = await connect(transport, endpoint('ops', su, {}, bare.server));
    expect(await first(connection, 'echo "$SSH_CONNECTION"\n')).toMatch(/^root\n127\.0\.0\.1 /);
    const failed = await refusal(endpoint('ops', { ...su, password: wrong }, {}, bare.server));
    expect(failed.message).toBe('su refused the password of root');
  });

  test('a login shell that says "Password:" and repeats what it is given is not told the password', async () => {
    await using transport = transportOfRun();
    for (const method of ['sudo', 'su'] as const) {
      const to = endpoint('noisy', { method, password: right });
      const tried = await triedBy(async () => {
        expect(await first(await connect(transport, to))).toBe('root\n');
      });
      expect(tried).toEqual([roomPassword]);
    }
  });

  test('the password is in no argument and no environment of a process', async () => {
    await using transport = transportOfRun();
    for (const method of ['sudo', 'su'] as const) {
      const connection = await connect(transport, endpoint('ops', { method, password: right }));
      await first(connection);
      const list =
        'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\000" "\\n"; echo end';
      const { stdout } = await run(connection, list);
      expect(stdout).toContain('/bin/sh');
      expect(stdout.endsWith('end\n')).toBe(true);
      expect(stdout).not.toContain(roomPassword);
    }
  });

  test('a wrong password goes to two hosts of many', async () => {
    await using transport = transportOfRun();
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      // as far as the run knows, they are six
      endpoint('ops', { password: wrong }, { name, address: `127.0.0.1`, jump: [] }),
    );
    const tried = await triedBy(async () => {
      const results = await Promise.allSettled(hosts.map((host) => connect(transport, host)));
      const reasons = results.map((result) =>
        String(result.status === 'rejected' && result.reason),
      );
      expect(reasons.filter((reason) => /sudo refused the password/.test(reason))).toHaveLength(2);
      expect(reasons.filter((reason) => /other hosts refused it/.test(reason))).toHaveLength(4);
    });
    expect(tried).toHaveLength(2);
  });

  test.each([
    ['ops', {}, 'sudo asks for a password, and none was given', /-K/],
    ['nobody2', { password: right }, 'sudo does not let nobody2 run /bin/sh as root', /visudo/],
    ['lister', { password: right }, 'sudo does not let lister run /bin/sh as root', /visudo/],
    ['tty', {}, 'sudo wants a terminal here (requiretty)', /Defaults:tty !requiretty/],
    ['free', { user: 'nosuch' }, 'there is no user nosuch to become', /become/],
    [
      ...(['ops', { method: 'doas', password: right }] as const),
      'doas asks for a password, which it reads from a terminal only',
      /permit nopass ops as root/,
    ],
    ['nobody2', { method: 'doas' }, 'doas does not let nobody2 become root', /doas\.conf/],
    ['free', { method: 'doas', user: 'nosuch' }, 'there is no user nosuch to become', /become/],
    ['ops', { method: 'su' }, 'su asks for a password, and none was given', /that of root with -K/],
    ['ops', { method: 'su', password: wrong }, 'su refused the password of root', /use sudo/],
    [
      ...(['ops', { method: 'su', user: 'nosuch', password: right }] as const),
      'there is no user nosuch to become',
      /become/,
    ],
    [
      ...(['ops', { method: 'su', user: 'spent', password: right }] as const),
      'su says that the account or its password has expired (account has expired)',
      /chage -l spent/,
    ],
  ] as const)('%s with %o is told: %s', async (user, become, message, hint) => {
    const error = await refusal(endpoint(user, become));

    expect(error.message).toBe(message);
    expect(error.hint).toMatch(hint);
    expect(error.reason).toBe('become');
  });

  test('a login shell that runs nothing is told apart from a method that does not', async () => {
    const error = await refusal(endpoint('mute', {}));
    expect(error.message).toBe('the login shell gives no sh (status 1)');
    expect(error.reason).toBe('channel');
  });

  test.each(['sudo', 'doas'] as const)('a host without %s says so', async (method) => {
    const error = await refusal(endpoint('ops', { method }, {}, bare.server));
    expect(error.message).toBe(`there is no ${method}`);
    expect(error.hint).toMatch(/choose another method/);
  });

  test('this machine may be worked on as another user, too', async () => {
    await using transport = transportOfRun();
    const local = { name: 'here', address: 'here', transport: 'local' } as const;
    const become = { method: 'sudo', user: 'nobody' } as const;
    expect(await first(await connect(transport, { ...local, become }))).toBe('nobody\n');
  });
});
