import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding } from './bars.ts';
import { repository } from './bench-fleet.ts';
import { figureOf } from './figures.ts';
import type { PartResult } from './results.ts';

/** How much memory runs on many hosts take, that are all in the process and find changes on each. */
export async function simulatedMemory(rounds: number): Promise<PartResult> {
  return {
    findings: {
      simulated1000: await mostMemory(1000, 'plain', rounds),
      simulatedAll1000: await mostMemory(1000, 'all', rounds),
      simulated10000: await mostMemory(10_000, 'plain', 1),
      simulatedAll10000: await mostMemory(10_000, 'all', 1),
    },
    rows: [],
  };
}

async function mostMemory(hosts: number, kind: 'plain' | 'all', rounds: number): Promise<Finding> {
  const program = join(dirname(import.meta.filename), 'simulated-run.mjs');
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const argv = [program, String(hosts), kind];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: repository });
    samples.push(Number(stdout) / 1024);
  }
  return { value: figureOf(samples).median };
}
