import { join } from 'node:path';
import { ansibleSite, leftOut } from './ansible-site.ts';
import { repository, xpush } from './bench-fleet.ts';
import type { Cost, Meter } from './meter.ts';
import type { Peers } from './peers.ts';
import { type PartResult, type Row, rowOf, wallRatio } from './results.ts';
import { SiteFleet } from './site-fleet.ts';
import { treeDifferences } from './site-trees.ts';

/** Runs of one side of the contest. */
interface Side {
  readonly name: string;
  readonly first: Cost[];
  readonly again: Cost[];
  /** How many tasks its hosts had in its last run. */
  tasks: number;
}

/** How a fleet is applied to; gives how many tasks its hosts had. */
type Apply = (side: Side, costs: Cost[], mustSay: RegExp) => Promise<void>;

/**
 * playbooks/site by xpush, and by Ansible, each on a fleet of its own as the installer left it, in turns: a first
 * apply, then one that finds nothing to do. Throws when what came of the hosts is not the same.
 */
export async function site(meter: Meter, rounds: number, peers: Peers): Promise<PartResult> {
  if (peers.ansible !== true) {
    const missing = { missing: peers.ansible };
    return { findings: { siteFirst: missing, siteConverged: missing }, rows: [] };
  }
  const ours: Side = { name: 'xpush', first: [], again: [], tasks: 0 };
  const theirs: Side = { name: 'Ansible, pipelining', first: [], again: [], tasks: 0 };
  let hosts = 0;
  for (let round = 0; round < rounds; round += 1) {
    await using own = await SiteFleet.start(meter);
    await using other = await SiteFleet.start(meter);
    hosts = own.names.length;
    const byXpush = xpushOn(own);
    const byAnsible = await ansibleOn(other);
    await byXpush(ours, ours.first, /^Done: /m);
    await byAnsible(theirs, theirs.first, /changed=[1-9]/);
    const differing = await treeDifferences(own, other);
    if (differing.length > 0) throw new Error(`hosts are not the same: ${differing.join(', ')}`);
    // the dearest by far; xpush is run on either side of it
    await byXpush(ours, ours.again, /^Nothing to change: /m);
    await byAnsible(theirs, theirs.again, /^(?!.*changed=[1-9]).*changed=0/s);
    await byXpush(ours, ours.again, /^Nothing to change: /m);
  }
  const row = ({ name, tasks }: Side, what: string, costs: readonly Cost[]): Row =>
    rowOf(`${name}, the site, ${tasks} tasks, ${what}`, hosts, costs);
  const rows = [
    row(ours, 'first apply', ours.first),
    row(theirs, 'first apply', theirs.first),
    row(ours, 'converged', ours.again),
    row(theirs, 'converged', theirs.again),
  ] as const;
  return {
    findings: {
      siteFirst: wallRatio(rows[1], rows[0]),
      siteConverged: wallRatio(rows[3], rows[2]),
    },
    rows,
  };
}

function xpushOn(fleet: SiteFleet): Apply {
  const playbook = join(repository, 'playbooks', 'site', 'site.yaml');
  const args = ['apply', fleet.file, playbook, '--skip-tags', leftOut.join(',')];
  return async (side, costs, mustSay) => {
    const { cost, stdout } = await fleet.run([process.execPath, xpush, ...args], { mustSay });
    costs.push(cost);
    side.tasks = sumOf(stdout, /(\d+) tasks$/gm);
  };
}

async function ansibleOn(fleet: SiteFleet): Promise<Apply> {
  const { argv, env } = await ansibleSite(fleet);
  return async (side, costs, mustSay) => {
    const { cost, stdout } = await fleet.run(argv, { env, mustSay });
    costs.push(cost);
    // those that ask for facts are no tasks of the playbook
    side.tasks = sumOf(stdout, /\b(?:ok|skipped|rescued)=(\d+)/g) - fleet.names.length;
  };
}

function sumOf(text: string, numbers: RegExp): number {
  return [...text.matchAll(numbers)].reduce((sum, [, number]) => sum + Number(number), 0);
}
