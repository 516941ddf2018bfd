import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonDocument } from '../../src/report/json-document.ts';
import { labDescribe } from '../lab-tier.ts';
import { runs } from '../runs.ts';
import { until } from '../until.ts';
import { documentOf, Fleet, hostIn, statuses } from './fleet.ts';

const pairs = 5;
const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:${2 * pairs}]": { address: "192.168.0.[101:${100 + 2 * pairs}]" }
`;

/** A confirm window, and a task after it. */
const playbookText = `
- name: Window
  hosts: all
  tasks:
    - name: In it
      network: true
      command: { changes: always, shell: "echo new >/etc/window; sleep 0.2", files: [/etc/window] }
    - name: After it
      command: { changes: always, shell: "sleep 0.2; echo new >/etc/after" }
`;

/** Lines of the record of such a run of two hosts, one after the other, at the least. */
const lines = 20;
const points = (step: number): readonly number[] =>
  Array.from({ length: lines }, (_, index) => index + 1).filter(
    (point) => runs() > 200 || point % 2 === step,
  );

const describe = await labDescribe();

describe('a run that is interrupted at any of its events', () => {
  let fleet: Fleet;
  let playbook: string;
  const free: (readonly [string, string])[] = [];

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
    playbook = await fleet.write('window.yaml', playbookText);
    for (let at = 1; at <= pairs; at++) free.push([`h${2 * at - 1}`, `h${2 * at}`]);
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  interface Interrupted {
    readonly hosts: readonly [string, string];
    /** `xpush ARGS` with the state of that run. */
    readonly xpush: (
      ...args: readonly string[]
    ) => Promise<{ code: number; document: JsonDocument }>;
    readonly code: number;
    readonly stderr: string;
    readonly document: JsonDocument;
    /** From the last signal to the end. */
    readonly tookMs: number;
  }

  const sh = async (name: string, script: string): Promise<string> =>
    (await fleet.lab.host(name).exec(['sh', '-c', script])).stdout.trim();

  /** Begins a run on two hosts, and sends the signals once its record has so many lines. */
  async function interrupted(
    id: string,
    point: number,
    signals: readonly NodeJS.Signals[],
    check: (run: Interrupted) => Promise<void>,
  ): Promise<void> {
    let hosts: readonly [string, string] = ['', ''];
    await until(
      async () => {
        hosts = free.shift() ?? hosts;
        return hosts[0] !== '';
      },
      runs() > 200 ? 200_000 : 50_000,
    );
    const state = join(fleet.lab.directory, id);
    await mkdir(state);
    const args = ['apply', fleet.file, playbook, '-l', hosts.join(), '-f', '1', '-o', 'json'];
    const { argv, env } = fleet.command(...args, '--confirm-timeout', '4');
    const child = fleet.lab.spawn(argv, { env: { ...env, XDG_STATE_HOME: state } });
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    const ended = once(child, 'close');
    await until(async () => (await recorded(state)) >= point, 40_000);
    let sentAt = 0;
    for (const [index, signal] of signals.entries()) {
      if (index > 0) await until(() => stderr.includes('Interrupted'));
      sentAt = performance.now();
      child.kill(signal);
    }
    const [code] = await ended;
    const tookMs = performance.now() - sentAt;
    try {
      const document = documentOf({ code: Number(code), stdout, stderr });
      await check({
        // a signal that comes when all has been said ends the process, whose last word counts
        ...{ hosts, code: code ?? document.exit, stderr, tookMs, document },
        xpush: async (...words) => {
          const command = fleet.command(...words);
          const again = await fleet.lab.run(command.argv, {
            env: { ...command.env, XDG_STATE_HOME: state },
            timeoutMs: 50_000,
          });
          return { code: again.code, document: documentOf(again) };
        },
      });
    } finally {
      for (const name of hosts) await sh(name, 'rm -f /etc/window /etc/after');
      free.push(hosts);
    }
  }

  async function recorded(state: string): Promise<number> {
    const all = join(state, 'xpush', 'runs');
    const [run] = await readdir(all).catch(() => []);
    if (run === undefined) return 0;
    const text = await readFile(join(all, run, 'events.ndjson'), 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  }

  /** By the command that it printed. */
  const resume = ({ stderr, xpush }: Interrupted): ReturnType<Interrupted['xpush']> => {
    const [, line = ''] = /^ {2}xpush (.* --retry last)$/m.exec(stderr) ?? [];
    return xpush(...line.split(' '));
  };

  /** No window is open, and no program of a run is left; a lock that a dead one has left is nobody's. */
  const isSettled = async (name: string): Promise<boolean> => {
    const open = 'ls /var/lib/xpush/window/*/armed 2>/dev/null; pgrep -f "[s]h -s|[r]un.sh"';
    return (await sh(name, open)) === '';
  };

  test.concurrent.each(points(0))(
    'once, after event %i: hosts are done or untouched, and the printed command does the rest',
    async (point) => {
      const signal = point % 4 === 0 ? 'SIGTERM' : 'SIGINT';
      await interrupted(`once${point}`, point, [signal], async (run) => {
        const { code, document, hosts, stderr } = run;
        const left = hosts.filter((name) => statuses(document)[name] !== 'changed');
        expect(code, stderr).toBe(document.recap.changed === 2 ? document.exit : 130);
        for (const name of hosts) {
          const isDone = !left.includes(name);
          expect(hostIn(document, name).status).toBe(isDone ? 'changed' : 'skipped');
          const made = await sh(name, 'cd /etc; ls after window 2>/dev/null');
          expect(made, `${name}: ${stderr}`).toBe(isDone ? 'after\nwindow' : '');
          await until(() => isSettled(name));
        }
        if (left.length === 0) return;
        const again = await resume(run);
        expect(again.code).toBe(0);
        expect(statuses(again.document)).toEqual(
          Object.fromEntries(left.map((name) => [name, 'changed'])),
        );
      });
    },
  );

  test.concurrent.each(points(1))(
    'twice, after event %i: it leaves at once, and hosts settle by themselves',
    async (point) => {
      const signals =
        point % 4 === 1 ? (['SIGINT', 'SIGTERM'] as const) : (['SIGINT', 'SIGINT'] as const);
      await interrupted(`twice${point}`, point, signals, async (run) => {
        const { code, document, hosts, stderr, tookMs } = run;
        expect(code, stderr).toBe(document.recap.changed === 2 ? document.exit : 130);
        expect(tookMs).toBeLessThan(3000);
        for (const name of hosts) {
          const { status, error } = hostIn(document, name);
          if (error?.message.includes('left in its confirm window') === true) {
            expect(stderr).toMatch(new RegExp(`by themselves: .*${name} by \\d\\d:\\d\\d:\\d\\d`));
            expect(stderr).toMatch(new RegExp(`partly new \\(may be changed in part\\) .*${name}`));
          }
          await until(() => isSettled(name));
          const made = await sh(name, 'cd /etc; ls after window 2>/dev/null');
          const may = {
            changed: ['after\nwindow'],
            skipped: [''],
            // its window was undone, or was being confirmed; the task after it is begun only then
            failed: ['', 'window', 'after\nwindow'],
          }[status as 'changed' | 'skipped' | 'failed'];
          expect(may, `${name} ${status}: ${stderr}`).toContain(made);
        }
        if (!stderr.includes('--retry last')) return;
        const again = await resume(run);
        expect(again.code).toBe(0);
      });
    },
  );
});
