import type { Fleet } from './fleet.ts';

/** What an open session went through. */
export interface SessionRecord {
  /** Bytes that came back. */
  readonly echoes: number;
  /** The longest time between two of them, or up to the end. */
  readonly longestGapMs: number;
}

interface Target {
  readonly address: string;
  readonly port: number;
}

/** A server that sends back what it gets; runs on a host, as `perl -e`. */
const echoServer = `
use IO::Socket::INET; use IO::Select; $| = 1;
my @on = map { IO::Socket::INET->new(LocalAddr => $_, Listen => 5, ReuseAddr => 1) or die "$_: $@" } @ARGV;
my $all = IO::Select->new(@on, \\*STDIN); print "ready\\n";
while (my @ready = $all->can_read) {
  for my $one (@ready) {
    if (grep { $_ == $one } @on) { $all->add(scalar $one->accept); next }
    if (sysread $one, my $bytes, 4096) { syswrite $one, $bytes } else { exit if $one == \\*STDIN; $all->remove($one) }
  }
}`;

/** Sends a byte every 10 ms on a session to each target until its input ends and 20 more came back on each; runs in plain node, by its source. */
function keepTalking(targets: readonly Target[]): void {
  const { connect } = process.getBuiltinModule('node:net');
  const sessions = targets.map(({ address, port }) => {
    const session = { echoes: 0, longestGapMs: 0, last: 0 };
    const socket = connect({ host: address, port, noDelay: true });
    const note = (): void => {
      const now = performance.now();
      if (session.last > 0)
        session.longestGapMs = Math.max(session.longestGapMs, now - session.last);
      session.last = now;
    };
    socket.on('data', (bytes) => {
      session.echoes += bytes.length;
      note();
    });
    socket.on('error', () => undefined); // seen as a gap up to the end
    socket.on('connect', () => setInterval(() => socket.writable && socket.write('x'), 10));
    return { session, note };
  });
  const isTalking = setInterval(() => {
    if (!sessions.every(({ session }) => session.echoes > 0)) return;
    clearInterval(isTalking);
    process.stdout.write('talking\n');
  }, 10);
  process.stdin.resume().on('end', () => {
    const before = sessions.map(({ session }) => session.echoes);
    const deadline = performance.now() + 2000;
    setInterval(() => {
      const isAlive = sessions.every(({ session }, n) => session.echoes > (before[n] ?? 0) + 20);
      if (!isAlive && performance.now() < deadline) return;
      for (const { note } of sessions) note();
      process.stdout.write(`${JSON.stringify(sessions.map(({ session }) => session))}\n`);
      process.exit(0);
    }, 10);
  });
}

/**
 * Keeps a session open from the controller to each address of a guest, and one to the router, while `during` runs.
 * The router's tells what this machine's other work costs.
 */
export async function recordSessions(
  fleet: Fleet,
  guest: string,
  addresses: readonly string[],
  port: number,
  during: () => Promise<void>,
): Promise<{ readonly sessions: readonly SessionRecord[]; readonly control: SessionRecord }> {
  const { lab } = fleet;
  const router = { address: '192.168.0.1', port };
  const targets = [...addresses.map((address) => ({ address, port })), router];
  const servers = [
    lab.host(guest).spawn(['perl', '-e', echoServer, ...addresses.map((a) => `${a}:${port}`)]),
    lab.host('router').spawn(['perl', '-e', echoServer, `${router.address}:${port}`]),
  ];
  try {
    for (const server of servers) await printed(server, 'ready\n');
    const source = `(${keepTalking})(${JSON.stringify(targets)})`;
    const client = lab.spawn([process.execPath, '-e', source]);
    const output = await printed(client, 'talking\n');
    await during();
    client.stdin?.end();
    const records: SessionRecord[] = JSON.parse(await output.rest);
    const control = records.pop();
    if (control === undefined) throw new Error('no record of the control session');
    return { sessions: records, control };
  } finally {
    for (const server of servers) server.kill('SIGKILL');
  }
}

/** Waits until the process has printed the line; `rest` is what it prints after that. */
async function printed(
  child: ReturnType<Fleet['lab']['spawn']>,
  line: string,
): Promise<{ readonly rest: Promise<string> }> {
  let output = '';
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`never said ${line}${complaints}`)), 10_000);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.startsWith(line)) return;
      clearTimeout(timer);
      resolve();
    });
    void closed.then(() => reject(new Error(`ended: ${complaints}`)));
  });
  return { rest: closed.then(() => output.slice(line.length)) };
}
