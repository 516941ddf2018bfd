import { BenchFleet } from './bench-fleet.ts';
import { parallelTrue } from './contest.ts';
import type { Cost, Meter } from './meter.ts';
import type { Peers } from './peers.ts';
import { type PartResult, rowOf, wallRatio } from './results.ts';

const ways = [
  { name: 'no confirm windows', args: ['--no-confirm', '--serial', '100%'] },
  { name: 'confirm windows', args: ['--serial', '100%'] },
  { name: 'confirm windows, a canary first (the default)', args: [] },
] as const;

/** First applies, each to a fleet as its installer left it; `parallel-ssh true` before each. */
export async function firstApply(
  meter: Meter,
  { hosts, rounds }: { readonly hosts: number; readonly rounds: number },
  peers: Peers,
): Promise<PartResult> {
  const logins: Cost[] = [];
  const applies = ways.map((): Cost[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { args }] of ways.entries()) {
      await using fleet = await BenchFleet.start(meter, hosts);
      if (peers.pssh === true) {
        const argv = await parallelTrue(fleet, hosts);
        await fleet.run(argv); // neighbours are looked up, files are read
        logins.push(await fleet.run(argv));
      }
      applies[index]?.push(await fleet.apply(hosts, ...args));
    }
  }
  const rows = ways.map(({ name }, index) =>
    rowOf(`xpush apply, first, ${name}`, hosts, applies[index] ?? []),
  );
  const [plain = '', window = ''] = rows;
  const others =
    peers.pssh === true
      ? rowOf('parallel-ssh true, before each of them', hosts, logins)
      : peers.pssh;
  return {
    findings: {
      firstToPssh: wallRatio(plain, others),
      windowToPssh: wallRatio(window, others),
    },
    rows: typeof others === 'string' ? rows : [others, ...rows],
  };
}
