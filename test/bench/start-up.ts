import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../src/lab/process.ts';
import { xpush } from './bench-fleet.ts';
import type { Cost, Meter } from './meter.ts';
import { cpuRatio, type PartResult, rowOf } from './results.ts';

/** A process that does next to nothing, by turns with node's own. */
export async function startUp(meter: Meter, rounds: number): Promise<PartResult> {
  const home = await mkdtemp(join(tmpdir(), 'xpush-bench-home-'));
  const { PATH } = process.env;
  const once = (...args: readonly string[]) =>
    meter.run([process.execPath, ...args], (argv) =>
      runCommand(argv, { env: { PATH, HOME: home, LANG: 'C.UTF-8' } }),
    );
  const bare: Cost[] = [];
  const version: Cost[] = [];
  const help: Cost[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const costs = [
        await once('-e', '0'),
        await once(xpush, '--version'),
        await once(xpush, 'apply', '--help'),
      ];
      // the first has V8 keep compiled code
      if (round === 0) continue;
      for (const [index, list] of [bare, version, help].entries())
        list.push(...costs.slice(index, index + 1));
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  const rows = [
    rowOf('node -e 0', 1, bare),
    rowOf('xpush --version', 1, version),
    rowOf('xpush apply --help', 1, help),
  ] as const;
  return { findings: { startUp: cpuRatio(rows[1], rows[0]) }, rows };
}
