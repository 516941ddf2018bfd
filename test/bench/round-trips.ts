import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from '../../src/lab/lab.ts';
import type { Finding } from './bars.ts';
import { BenchFleet, environmentOf, fleetText, xpush } from './bench-fleet.ts';
import { figureOf } from './figures.ts';
import type { Meter } from './meter.ts';
import type { PartResult } from './results.ts';

/** Each way; what they differ by is waited for as often as something goes there and back. */
const delaysMs = [10, 100] as const;
const stumblingPort = 2022;

/**
 * How many times a run to one converged dom0 waits for its line, from the TCP connection to the result: by
 * what the result is later on a slower line. The careful kind is made by an SSH server that refuses
 * the channel which was asked for along with the login; the connection after that one is measured.
 */
export async function roundTrips(meter: Meter, rounds: number): Promise<PartResult> {
  await using fleet = await BenchFleet.start(meter, 2);
  await fleet.converge();
  const host = fleet.lab.host('xen0');
  const log = '/var/log/stumbling.log';
  const options = [
    '-p',
    `${stumblingPort}`,
    '-o',
    'MaxSessions=0',
    '-o',
    'PidFile=none',
    '-E',
    log,
  ];
  const server = await host.exec(['/usr/sbin/sshd', ...options]);
  if (server.code !== 0) throw new Error(server.stderr);
  const findings = {
    roundTrips: await slope(fleet, rounds, []),
    carefulRoundTrips: await slope(fleet, rounds, [`${stumblingPort}`]),
  };
  const stumbled = (await host.readFile(log)).toString().match(/Accepted publickey/g)?.length ?? 0;
  if (stumbled < 2 * rounds) throw new Error('nothing was refused');
  return { findings, rows: [] };
}

/** By the quickest run over either line: what else the machine does only ever adds. */
async function slope(
  fleet: BenchFleet,
  rounds: number,
  stumbling: readonly string[],
): Promise<Finding> {
  const timesMs: number[][] = delaysMs.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, delayMs] of delaysMs.entries()) {
      timesMs[index]?.push(await resultMs(fleet, delayMs, stumbling));
    }
  }
  const [short, long] = delaysMs;
  const [quickest = 0, slowest = 0] = timesMs.map((times) => figureOf(times).least);
  return { value: (slowest - quickest) / (2 * (long - short)) };
}

/** From the start of the host's work to its end, as a run tells it, over a line with this delay. */
async function resultMs(
  fleet: BenchFleet,
  delayMs: number,
  stumbling: readonly string[],
): Promise<number> {
  const { lab } = fleet;
  const [address = ''] = lab.host('xen0').addresses;
  const line = await startLine(lab, [address, '22', `${delayMs}`, ...stumbling]);
  try {
    const config = `Host xen0 ${address}
  HostName 127.0.0.1
  Port ${line.port}
  HostKeyAlias xen0
Include ${lab.sshConfig}
`;
    const XPUSH_SSH_CONFIG = await fleet.write('delayed-ssh-config', config);
    // the address that is in an inventory goes before the configuration's
    const text = fleetText(1).replace(`address: ${address}, `, '');
    const inventory = await fleet.write('delayed.yaml', text);
    const args = ['apply', inventory, '--limit', 'xen0', '-o', 'ndjson'];
    const env = { ...environmentOf(fleet.lab), XPUSH_SSH_CONFIG };
    const child = lab.spawn([process.execPath, xpush, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (child.stdout === null) throw new Error('no output');
    const times = new Map<string, number>();
    for await (const text of createInterface({ input: child.stdout })) {
      const { event, status } = JSON.parse(text) as { event: string; status?: string };
      times.set(`${event} ${status ?? ''}`.trim(), performance.now());
    }
    if (child.exitCode === null) await once(child, 'exit');
    const [start, end] = [times.get('host_start'), times.get('host_end ok')];
    if (start === undefined || end === undefined) {
      throw new Error(`the run ended with ${child.exitCode}: ${[...times.keys()].join(', ')}`);
    }
    return end - start;
  } finally {
    line.stop();
  }
}

async function startLine(lab: Lab, args: readonly string[]) {
  const program = join(dirname(import.meta.filename), 'delay-line.mjs');
  const child = lab.spawn([process.execPath, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  for await (const port of createInterface({ input: child.stdout })) {
    return { port: Number(port), stop: () => void child.kill() };
  }
  throw new Error('the delay line did not start');
}
