import { randomFillSync } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from './bars.ts';
import { BenchFleet } from './bench-fleet.ts';
import { digits, interleaved } from './figures.ts';
import type { Cost, Meter } from './meter.ts';
import { type PartResult, type Row, rowOf } from './results.ts';

const host = 'xen0';
const smallFiles = 500;
const smallBytes = 2_000;

/** One large file, and many small ones, to one host: by `scp` and by xpush, in turns. */
export async function largeFiles(
  meter: Meter,
  { megabytes, rounds }: { readonly megabytes: number; readonly rounds: number },
): Promise<PartResult> {
  await using fleet = await BenchFleet.start(meter, 2, (plan) => ({
    ...plan,
    hosts: plan.hosts.map((each) => ({ ...each, diskMiB: 64 + 2 * megabytes })),
  }));
  const { directory, sshConfig } = fleet.lab;
  const many = join(directory, 'many');
  await writeBytes(join(directory, 'large.bin'), megabytes);
  await writeBytes(join(directory, 'little.bin'), 1);
  await mkdir(many);
  await Promise.all(
    Array.from({ length: smallFiles }, (_, index) =>
      writeFile(join(many, `file-${index}`), `${index}\n`.padStart(smallBytes, 'x')),
    ),
  );
  const copy = async (name: string, task: string): Promise<string> =>
    await fleet.write(name, `- hosts: ${host}\n  tasks:\n    - copy: ${task}\n`);
  const one = await copy('large.yaml', '{ src: large.bin, dest: /root/ }');
  const little = await copy('little.yaml', '{ src: little.bin, dest: /root/ }');
  const some = await copy('many.yaml', '{ src: many, dest: /root/ }');
  const scp = (...words: readonly string[]) =>
    fleet.run(['scp', '-q', '-F', sshConfig, ...words, `${host}:/root/`]);
  const ways = [
    { what: `scp, a file of ${megabytes} MB`, run: () => scp(join(directory, 'large.bin')) },
    { what: 'xpush apply, the same', run: () => fleet.apply(2, one) },
    { what: 'scp, a file of 1 MB', run: () => scp(join(directory, 'little.bin')) },
    { what: 'xpush apply, the same', run: () => fleet.apply(2, little) },
    { what: `scp -r, ${smallFiles} files of ${smallBytes / 1000} KB`, run: () => scp('-r', many) },
    { what: 'xpush apply, the same', run: () => fleet.apply(2, some) },
  ];
  const costs = ways.map((): Cost[] => []);
  // the first round warms caches up and does not count
  for (let round = 0; round <= rounds; round += 1) {
    for (const way of interleaved(ways, round)) {
      await fleet.lab.host(host).exec(['sh', '-c', 'rm -rf /root/*']);
      const cost = await way.run();
      if (round > 0) costs[ways.indexOf(way)]?.push(cost);
    }
  }
  const rows = ways.map(({ what }, index) => rowOf(what, 1, costs[index] ?? []));
  return { findings: { largeFile: throughputRatio(rows) }, rows };
}

/** As a user waits for it: logging in and starting up, planning and checking are in it. */
function throughputRatio(rows: readonly Row[]): Finding {
  const [byScp, own, littleByScp, littleOwn] = rows.map(({ wallSeconds }) => wallSeconds.median);
  if (!byScp || !own || !littleByScp || !littleOwn)
    return { missing: 'not all of it was measured' };
  const net = (byScp - littleByScp) / (own - littleOwn);
  return { value: byScp / own, note: `without what 1 MB takes: ${digits(net)}` };
}

/** Bytes that no cipher and no file system makes anything of. */
async function writeBytes(path: string, megabytes: number): Promise<void> {
  const stream = createWriteStream(path);
  for (let left = megabytes; left > 0; left -= 1) {
    const piece = randomFillSync(Buffer.alloc(1_000_000));
    await new Promise<void>((resolve, reject) => {
      stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
  await new Promise<void>((resolve) => stream.end(resolve));
}
