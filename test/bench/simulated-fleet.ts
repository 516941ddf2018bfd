import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate as aMoment } from 'node:timers/promises';
import * as v from 'valibot';
import { redactedEvent } from '../../src/cli/redaction.ts';
import type { Connection, Exec, Outcome, Transport } from '../../src/connection/transport.ts';
import type { HostedPlay } from '../../src/engine/legs.ts';
import { run } from '../../src/engine/run.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import type { RunHead } from '../../src/records/run-head.ts';
import { thisProcess } from '../../src/records/run-process.ts';
import { openRunRecord } from '../../src/records/run-writer.ts';
import { type SpilledBytes, spillFile } from '../../src/records/spill-file.ts';
import { runsDirectory } from '../../src/records/state-directory.ts';
import { createReporter, type OutputForm } from '../../src/report/reporter.ts';
import { defineStep } from '../../src/steps/step.ts';

/** A transport to hosts that are all alike, in this process: no shell, no network, no keys. */
function simulatedTransport(): Transport {
  return {
    connect: async (): Promise<Connection> => {
      await aMoment(); // as a network does: or all hosts are of one turn of the loop, and kept for it
      return { exec: async () => simulatedExec(), close: async () => {} };
    },
    close: async () => {},
  };
}

/** Answers look programs as a guest does that has its links and nothing of ours. */
function simulatedExec(): Exec {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let end: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((resolve) => {
    end = resolve;
  });
  let nonce = '';
  const stdin = new Writable({
    decodeStrings: false,
    write(program: string, _encoding, done) {
      nonce = /xp_setup '(\w+)'/.exec(program)?.[1] ?? nonce;
      stdout.write(answersTo(program, nonce));
      done();
    },
    final(done) {
      stdout.end();
      stderr.end();
      end({ kind: 'exit', code: 0 });
      done();
    },
  });
  return { stdin, stdout, stderr, outcome };
}

const links = `1: lo: <LOOPBACK,UP> mtu 65536
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,UP> mtu 1500
    link/ether 00:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.1/8 scope global eth0
`;
const rules = '0:\tfrom all lookup 255\n32766:\tfrom all lookup 254\n32767:\tfrom all lookup 253\n';

function answersTo(program: string, nonce: string): string {
  const look = program.slice(program.lastIndexOf('xp_look() {'));
  const parts: string[] = [];
  const section = (id: string, body: string, status = 0): void => {
    parts.push(`\n@${nonce} begin ${id}\n${body}\n@${nonce} end ${id} ${status}\n`);
  };
  const wordsOf = (command: string): readonly string[] =>
    new RegExp(`^(?:xp_(?:section|collect) \\w+ )?${command} (.*)`, 'm')
      .exec(look)?.[1]
      ?.match(/'[^']*'|\S+/g) ?? [];
  const [count, ...words] = wordsOf('xp_directories');
  const directories = Number(count ?? 0);
  const paths = count === undefined ? wordsOf('xp_files') : words.slice(2 * directories);
  if (count !== undefined) section('names', 'absent\n\n'.repeat(directories));
  if (paths.length > 0 || count !== undefined) section('files', 'absent\n'.repeat(paths.length));
  const tools = wordsOf('xp_tools');
  if (tools.length > 0) section('tools', 'yes\n'.repeat(tools.length));
  const texts = {
    ...{ rules4: rules, rules6: rules, routes4: '\n', routes6: '\n', interfaces: links },
    system:
      '/etc/os-release:ID=debian\nuname:g 5.10.0 x86_64\nsystemctl:systemd 247\nhas:systemd\nhas:udevadm\nip:ip utility, iproute2-5.10.0\n',
    network: 'has:ifupdown\nhas:ifupdown-files\nhas:ifrename\n',
  };
  for (const [id, text] of Object.entries(texts)) {
    if (new RegExp(`^xp_(?:section|collect) ${id} `, 'm').test(look)) section(id, text);
  }
  return `${parts.join('')}\n@${nonce} done ${parts.length}\n`;
}

const file = '/etc/xpush-bench';

/** Writes a file that no other host has. */
const ownFile = defineStep({
  ...{ name: 'own_file', summary: 'Writes a file of its own.', on: ['domU'] },
  params: v.strictObject({ bytes: v.number() }),
  queries: () => ({ old: query.file(file) }),
  plan: ({ host: { name } }, { bytes }, { old }) => {
    const line = `${name} ${'.'.repeat(60)}\n`;
    const content = line.repeat(Math.ceil(bytes / line.length));
    return { changes: change.writeFile(file, content, old, { effect: 'boot' }) };
  },
});

export interface SimulatedOptions {
  /** Default: plain lines. */
  readonly form?: OutputForm;
  readonly diff?: boolean;
  /** Whether a page is made, too. */
  readonly page?: boolean;
  /** Each host gets a file of so many bytes that no other has: no task more without it. */
  readonly ownBytes?: number;
}

/** What a run of a fleet has come to. */
export interface Simulated {
  readonly exit: number;
  readonly changed: number;
  /** Heap and buffers in use before the run: inventory and playbook. */
  readonly loadedBytes: number;
  /** The same at the end of the run, all of it still open; after a collection when there is `gc`. */
  readonly heldBytes: number;
  readonly rssBytes: number;
  /** The most of RSS that was seen. */
  readonly peakRssBytes: number;
}

/**
 * Checks so many guests, on which nothing is as it should be, by the default playbook: through the real
 * engine, views, record of the run and redaction.
 */
export async function simulate(
  hosts: number,
  { form = 'plain', diff = false, page = false, ownBytes = 0 }: SimulatedOptions = {},
): Promise<Simulated> {
  const inventory = await loadInventory({ argument: '-', stdin: inventoryOf(hosts) });
  const names = new Set(
    [...inventory.hosts.values()].flatMap((host) => (host.kind === 'domU' ? [host.name] : [])),
  );
  const plays: HostedPlay[] = loadPlaybooks(['playbooks/vif-route.yaml'])
    .flatMap((book) => book.plays)
    .filter(({ name }) => name === 'Guests')
    .map((play) => ({ play: ownBytes === 0 ? play : withOwnFile(play, ownBytes), hosts: names }));
  const state = await mkdtemp(join(tmpdir(), 'xpush-simulated-'));
  const spill = watched(spillFile(join(runsDirectory(state), identity.id)));
  const record = openRunRecord(state, headOfRun, () => {});
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reporter = createReporter({
    ...{ form, diff, verbose: 0, stdout: sink, stderr: sink, env: {}, spillFile: spill },
    ...(page ? { writePage: (made) => writeFile(join(state, 'page.html'), made) } : {}),
  });
  const never = new AbortController().signal;
  const loadedBytes = await bytesInUse();
  let changed = 0;
  let peakRssBytes = 0;
  const exit = await run({
    version: '0',
    ...{ identity, inventory, plays, forks: 100, check: true, pendingAsExit: false },
    transport: simulatedTransport(),
    endpointOf: ({ name, address }) => ({ name, address }),
    emit: (event) => {
      if (event.event === 'host_end') {
        if (event.status === 'changed') changed += 1;
        peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
      }
      const shown = redactedEvent(event);
      record.note(shown);
      reporter.emit(shown);
    },
    ...{ stopping: never, leaving: never },
  });
  await record.close();
  await spill.isWritten();
  const heldBytes = await bytesInUse();
  const rssBytes = process.memoryUsage.rss();
  await reporter.close();
  await spill.close();
  await rm(state, { recursive: true });
  return {
    exit,
    changed,
    loadedBytes,
    heldBytes,
    rssBytes,
    peakRssBytes: Math.max(peakRssBytes, process.memoryUsage.rss()),
  };
}

/** The same file, which can tell when nothing more is to be written for now. */
function watched(file: SpilledBytes): SpilledBytes & { isWritten(): Promise<void> } {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...file,
    append: (bytes) => {
      const appended = file.append(bytes);
      last = appended.catch(() => null);
      return appended;
    },
    isWritten: async () => {
      for (let seen: unknown = null; seen !== last; await aMoment()) {
        seen = last;
        await last;
      }
    },
  };
}

/** After collections, where there is `gc`: buffers go in the moments after one. */
async function bytesInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await aMoment();
    globalThis.gc?.();
  }
  await aMoment();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const identity = {
  ...{ id: '20260101T000000Z-000000', by: 'nobody@bench', since: '2026-01-01T00:00:00Z' },
};
const headOfRun: RunHead = {
  ...{ schema: 1, xpush: '0', run: identity, command: 'apply', arguments: [], environment: {} },
  ...{ directory: '/', check: true, inventory: null, playbooks: [], process: thisProcess() },
};

function withOwnFile(play: HostedPlay['play'], bytes: number): HostedPlay['play'] {
  const task = { name: 'A file of its own', step: ownFile, params: { bytes } };
  return { ...play, tasks: [...play.tasks, task] };
}

function inventoryOf(hosts: number): string {
  const dom0s = Math.ceil(hosts / 200);
  const macOf = (index: number, vif: number): string =>
    `00:16:3e:${[index >> 7, (index % 128) * 2 + vif].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}:01`;
  const lines = Array.from({ length: hosts }, (_, index) => {
    const address = `10.${Math.floor(index / 200)}.${index % 200}`;
    const vifs = [1, 2].map((vif) => `{ ip: ${address}.${vif}, mac: "${macOf(index, vif - 1)}" }`);
    return `  g${index}: { dom0: x${index % dom0s}, names: iftab, network_config: ifupdown, address: ${address}.1, vifs: [${vifs}] }`;
  });
  const xens = Array.from(
    { length: dom0s },
    (_, index) => `  x${index}: { address: 10.250.${index}.1 }`,
  );
  return `networks: { lan: { subnet: 10.0.0.0/8 } }\ndom0:\n${xens.join('\n')}\ndomU:\n${lines.join('\n')}\n`;
}
