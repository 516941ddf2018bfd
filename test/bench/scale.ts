import { readFile } from 'node:fs/promises';
import type { Finding } from './bars.ts';
import type { BenchFleet } from './bench-fleet.ts';
import { figureOf } from './figures.ts';
import type { Cost } from './meter.ts';
import { noCpu, type PartResult, rowOf } from './results.ts';

/** Says on a file how much memory a node process had at most. */
const hookText = (file: string): string =>
  `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.resourceUsage().maxRSS)));\n`;

/** Three sizes of a fleet, the least first; the first `hosts` of one fleet are a fleet. */
export interface Sizes {
  readonly least: number;
  readonly middle: number;
  readonly most: number;
}

/** How memory and CPU grow with a converged fleet. */
export async function scale(fleet: BenchFleet, sizes: Sizes, rounds: number): Promise<PartResult> {
  const { least, middle, most } = sizes;
  const costs = new Map<number, Cost[]>([least, middle, most].map((hosts) => [hosts, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [hosts, list] of costs) list.push(await fleet.applyAgain(hosts));
  }
  const cpu = (hosts: number): number =>
    figureOf((costs.get(hosts) ?? []).map(({ controllerMs }) => controllerMs ?? 0)).median;
  const slope = (to: number): number => (cpu(to) - cpu(least)) / (to - least);
  const growth: Finding = fleet.meter.isCounting
    ? {
        value: slope(most) / slope(middle),
        note: `${least}, ${middle}, ${most} hosts: ${slope(middle).toFixed(1)} and ${slope(most).toFixed(1)} ms a host`,
      }
    : { missing: noCpu };
  const memory1000: Finding =
    most < 1000
      ? {
          missing: `this fleet has ${most} hosts: ${Math.round(await memoryMB(fleet, most, rounds))} MB`,
        }
      : { value: await memoryMB(fleet, most, rounds) };
  return {
    findings: { growth, memory1000, memory50: { value: await memoryMB(fleet, 50, rounds) } },
    rows: [...costs].map(([hosts, list]) => rowOf('xpush apply, converged', hosts, list)),
  };
}

async function memoryMB(fleet: BenchFleet, hosts: number, rounds: number): Promise<number> {
  const file = await fleet.write('memory', '');
  const hook = await fleet.write('memory.cjs', hookText(file));
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await fleet.applyAgain(hosts, ['--require', hook]);
    samples.push(Number(await readFile(file, 'utf8')) / 1024);
  }
  return figureOf(samples).median;
}
