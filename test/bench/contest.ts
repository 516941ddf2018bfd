import { type BenchFleet, forks } from './bench-fleet.ts';
import type { LookPrograms } from './converged-host.ts';
import { interleaved } from './figures.ts';
import type { Cost } from './meter.ts';
import type { Peers } from './peers.ts';
import { cpuRatio, type PartResult, type Row, rowOf, wallRatio } from './results.ts';

type Argv = readonly [string, ...string[]];

/** Somebody who runs against converged hosts; a string says why not. */
interface Contestant {
  readonly name: string;
  readonly run: (() => Promise<Cost>) | string;
}

const curve = ['-o', 'KexAlgorithms=curve25519-sha256'] as const;

/** `parallel-ssh true`: no more than logging in. */
export async function parallelTrue(
  fleet: BenchFleet,
  hosts: number,
  options: readonly string[] = [],
): Promise<Argv> {
  const ssh = ['-F', fleet.lab.sshConfig, ...options].join(' ');
  const names = await fleet.namesOf(hosts);
  return ['parallel-ssh', '-h', names, '-p', String(forks), '-t', '0', '-x', ssh, 'true'];
}

/** `ssh HOST sh -s`, many at once, with the looking programs as input. */
async function xargsSsh(fleet: BenchFleet, hosts: number, programs: LookPrograms): Promise<Argv> {
  const names = await fleet.namesOf(hosts);
  const dom0 = await fleet.write('look-dom0.sh', programs.dom0);
  const guest = await fleet.write('look-guest.sh', programs.guest);
  const line = `case $0 in xen*) look='${dom0}' ;; *) look='${guest}' ;; esac
exec ssh -F '${fleet.lab.sshConfig}' ${curve.join(' ')} "$0" sh -s <"$look" >/dev/null`;
  return ['xargs', '-a', names, '-P', String(forks), '-I', '{}', 'sh', '-c', line, '{}'];
}

/** Converged hosts, all contestants in turns. */
export async function contest(
  fleet: BenchFleet,
  size: { readonly hosts: number; readonly rounds: number },
  peers: Peers,
  programs: LookPrograms,
): Promise<PartResult> {
  const { hosts, rounds } = size;
  const runOf = (argv: Argv) => () => fleet.run(argv);
  const plain = await parallelTrue(fleet, hosts);
  const quick = await parallelTrue(fleet, hosts, curve);
  const needs = (run: () => Promise<Cost>) => (peers.pssh === true ? run : peers.pssh);
  const contestants: readonly Contestant[] = [
    { name: 'xpush apply', run: () => fleet.applyAgain(hosts) },
    { name: 'parallel-ssh true', run: needs(runOf(plain)) },
    { name: 'parallel-ssh true, curve25519', run: needs(runOf(quick)) },
    {
      name: 'xargs ssh HOST sh -s, curve25519',
      run: runOf(await xargsSsh(fleet, hosts, programs)),
    },
  ];
  const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]));
  // the first round warms caches up and does not count
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, run } of interleaved(contestants, round)) {
      if (typeof run === 'string') continue;
      const cost = await run();
      if (round > 0) costs.get(name)?.push(cost);
    }
  }
  const rows = contestants.map(({ name, run }): Row | string =>
    typeof run === 'string' ? run : rowOf(`${name}, converged`, hosts, costs.get(name) ?? []),
  );
  const [own = '', byPssh = '', byCurve = '', byXargs = ''] = rows;
  return {
    findings: {
      convergedToPssh: wallRatio(own, byPssh),
      convergedToCurve: wallRatio(own, byCurve),
      cpuToXargs: cpuRatio(own, byXargs),
    },
    rows: rows.filter((row) => typeof row !== 'string'),
  };
}
