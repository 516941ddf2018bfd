import { appendFileSync, writeFileSync } from 'node:fs';
import type { RunEvent } from '../../src/engine/events.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { fileChange, hostEnd, runStart, taskEnd } from './sample-run.ts';

/**
 * A simulated run on the terminal: `HOSTS FORKS HOST_MS ENDING`. As many hosts, so many at a time,
 * each busy for about so long; some end badly. ENDING: `finish`, or `crash`, `exit` or `wait` on
 * the way. With BATCHES=1 they go in three batches. The file MARK gets the process id, and ` done` when every host has ended.
 */
const [hostCount = 1000, forks = 48, hostMs = 2000] = process.argv.slice(2, 5).map(Number);
const ending = process.argv[5] ?? 'finish';
const TASKS = ['vif_config', 'firewall', 'iftab', 'interfaces', 'rt_tables', 'ip_rules'];
const { stdout, stderr } = process;
const { BATCHES, DIFF, MARK, VERBOSE } = process.env;
const reporter = createReporter({
  form: 'auto',
  diff: DIFF === '1',
  verbose: Number(VERBOSE ?? 0),
  stdout,
  stderr,
});
const started = Date.now();
const names = Array.from(
  { length: hostCount },
  (_, index) => `xen${String(index).padStart(3, '0')}`,
);
let random = 7;

if (MARK !== undefined) writeFileSync(MARK, String(process.pid));
// Endings by a signal are left to the reporter.
if (ending === 'finish') {
  process.on('SIGINT', () => {
    process.exitCode = 130;
    finish(true).catch(() => process.exit(1));
  });
}

emit(runStart(names.map((name) => ({ name, kind: 'dom0' }))));
emit({ event: 'phase', name: 'Canary', status: 'start' });
setTimeout(() => {
  emit({ event: 'phase', name: 'Canary', status: 'done' });
  emit({ event: 'phase', name: 'Rollout', status: 'start' });
}, hostMs / 2);
if (ending === 'crash') setTimeout(() => Promise.reject(new Error('a bug')), hostMs);
if (ending === 'exit') setTimeout(() => process.exit(3), hostMs);

for (const [index, [from, to]] of batches(names.length).entries()) {
  const batch = {
    event: 'batch',
    ...{ play: 'Xen hosts', batch: index + 1, batches: 3, total: names.length },
    ...{ hosts: names.slice(from, to), message: null },
  } as const;
  if (BATCHES === '1') emit({ ...batch, status: 'start' });
  const queue = names.slice(from, to).values();
  await Promise.all(Array.from({ length: forks }, () => worker(queue)));
  if (BATCHES === '1') emit({ ...batch, status: 'done' });
}
if (MARK !== undefined) appendFileSync(MARK, ' done');
emit({ event: 'phase', name: 'Rollout', status: 'done' });
await finish(false);

/** One host, a tenth, the rest; without BATCHES all at once. */
function batches(count: number): readonly (readonly [number, number])[] {
  if (BATCHES !== '1') return [[0, count]];
  const tenth = 1 + Math.ceil(count / 10);
  return [
    [0, 1],
    [1, tenth],
    [tenth, count],
  ];
}

async function worker(queue: Iterable<string>): Promise<void> {
  for (const name of queue) await runHost(name);
}

async function runHost(host: string): Promise<void> {
  const total = TASKS.length;
  const fate = next();
  emit({ event: 'host_start', host, kind: 'dom0' });
  emit({ event: 'activity', host, doing: 'connect', task: null, done: 0, total });
  await pause(hostMs / 4);
  if (fate < 0.004) {
    end(host, 'unreachable', `connect to ${host} port 22: connection refused`);
    return;
  }

  emit({ event: 'activity', host, doing: 'look', task: null, done: 0, total });
  await pause(hostMs / 4);
  for (const [done, task] of TASKS.entries()) {
    emit({ event: 'activity', host, doing: 'act', task, done, total });
    await pause(hostMs / 2 / total);
    const isChanged = fate > 0.8 && done < 2;
    const changes = isChanged
      ? [fileChange(`/etc/${task}`, 'a\nb\n', `a\n${fate > 0.98 ? host : 'c'}\n`)]
      : [];
    emit(taskEnd(host, { task, step: task, status: isChanged ? 'changed' : 'ok', changes }));
  }
  if (fate < 0.008)
    end(host, 'failed', 'vif_config: /etc/xen/vm3.cfg changed since it was looked at');
  else if (fate < 0.011) end(host, 'rolled_back', 'no new connection within 30 s of the change');
  else end(host, fate > 0.8 ? 'changed' : 'ok', null);
}

function end(
  host: string,
  status: 'ok' | 'changed' | 'failed' | 'unreachable' | 'rolled_back',
  message: string | null,
): void {
  emit(hostEnd(host, 'dom0', { status, error: message === null ? null : { message, hint: null } }));
}

async function finish(interrupted: boolean): Promise<void> {
  const seconds = (Date.now() - started) / 1000;
  emit({ event: 'run_end', seconds, exit: process.exitCode === 130 ? 130 : 0, interrupted });
  await reporter.close();
  process.exit();
}

function emit(event: RunEvent): void {
  reporter.emit(event);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + next())));
}

/** The same numbers in every run. */
function next(): number {
  random = (random * 16807) % 2147483647;
  return random / 2147483647;
}
