import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { BarName, Findings } from './bars.ts';
import { BenchFleet, repository } from './bench-fleet.ts';
import { contest } from './contest.ts';
import { convergedHosts, type LookPrograms } from './converged-host.ts';
import { firstApply } from './first-apply.ts';
import { largeFiles } from './large-files.ts';
import { describeMachine, load } from './machine.ts';
import { Meter } from './meter.ts';
import { type PartName, readOptions } from './options.ts';
import { pageOf } from './page.ts';
import { findPeers } from './peers.ts';
import type { PartResult, Row } from './results.ts';
import { rivals } from './rivals.ts';
import { roundTrips } from './round-trips.ts';
import { scale } from './scale.ts';
import { simulatedMemory } from './simulated-memory.ts';
import { site } from './site.ts';
import { startUp } from './start-up.ts';

const { extent, parts, out, command } = readOptions(
  process.argv.slice(2),
  join(repository, 'docs', 'benchmarks.md'),
);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const startedAt = performance.now();
const minutes = (): number => (performance.now() - startedAt) / 60_000;
const loads = [load()];
const findings: { -readonly [name in BarName]?: Findings[name] } = {};
const sections: { readonly title: string; readonly rows: readonly Row[] }[] = [];

/** One part; what fails in it is said, and the others go on. */
async function measure(
  part: PartName,
  title: string,
  bars: readonly BarName[],
  run: () => Promise<PartResult>,
): Promise<void> {
  if (!parts.has(part)) return;
  say(`${minutes().toFixed(1)} min, load ${load().toFixed(1)}: ${title}`);
  try {
    const result = await run();
    Object.assign(findings, result.findings);
    if (result.rows.length > 0) sections.push({ title, rows: result.rows });
  } catch (error) {
    process.exitCode = 1;
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    say(error instanceof Error ? (error.stack ?? error.message) : reason);
    for (const name of bars) findings[name] = { missing: reason };
  }
  loads.push(load());
}

await using meter = await Meter.open();
const peers = await findPeers(say);
let programs: LookPrograms = { dom0: 'true\n', guest: 'true\n' };

await measure('start-up', 'Start-up', ['startUp'], () => startUp(meter, extent.startUp));
await measure(
  'host',
  'A converged host',
  ['lookCpu', 'lookPrograms', 'connections', 'writes'],
  async () => {
    const result = await convergedHosts(meter, peers.strace);
    programs = result.programs;
    return result;
  },
);
await measure('round-trips', 'Round trips', ['roundTrips', 'carefulRoundTrips'], () =>
  roundTrips(meter, extent.roundTrips),
);
await measure(
  'fleet',
  'Converged fleets',
  [
    ...(['convergedToPssh', 'convergedToCurve', 'cpuToXargs'] as const),
    ...(['growth', 'memory50', 'memory1000'] as const),
  ],
  async () => {
    await using fleet = await BenchFleet.start(meter, extent.scale.most);
    await fleet.converge();
    const met = await contest(fleet, extent.contest, peers, programs);
    const grown = await scale(fleet, extent.scale, extent.scale.rounds);
    return {
      findings: { ...met.findings, ...grown.findings },
      rows: [...met.rows, ...grown.rows],
    };
  },
);
await measure('first', 'First applies', ['firstToPssh', 'windowToPssh'], () =>
  firstApply(meter, extent.firstApply, peers),
);
await measure('files', 'Files', ['largeFile'], () => largeFiles(meter, extent.largeFiles));
await measure(
  'memory',
  'Memory',
  ['simulated1000', 'simulatedAll1000', 'simulated10000', 'simulatedAll10000'],
  () => simulatedMemory(extent.simulated),
);
await measure('rivals', 'Ansible', ['ansibleWall', 'ansibleCpu', 'mitogenWall', 'mitogenCpu'], () =>
  rivals(meter, extent.rivals, peers),
);
await measure('site', 'A site of ten roles', ['siteFirst', 'siteConverged'], () =>
  site(meter, extent.site, peers),
);

const page = pageOf({
  ...{ command, findings, sections, loads, minutes: minutes(), cores: cpus().length },
  date: new Date().toISOString().slice(0, 10),
  machine: await describeMachine(),
});
process.stdout.write(page);
if (out !== null) {
  await writeFile(out, page);
  say(`written to ${out}`);
}
