import { ansibleProject } from './ansible-project.ts';
import type { Findings } from './bars.ts';
import { BenchFleet } from './bench-fleet.ts';
import type { Cost, Meter } from './meter.ts';
import type { Peers } from './peers.ts';
import { cpuRatio, type PartResult, type Row, rowOf, wallRatio } from './results.ts';

/**
 * Ansible, with and without mitogen, on a fleet of its own that its playbook has converged; in turns
 * with xpush on `fleet`, which is as large and converged, too.
 */
export async function rivals(
  meter: Meter,
  { hosts, rounds }: { readonly hosts: number; readonly rounds: number },
  peers: Peers,
): Promise<PartResult> {
  if (peers.ansible !== true) return { findings: missing(peers.ansible, peers.ansible), rows: [] };
  await using ours = await BenchFleet.start(meter, hosts);
  await ours.converge();
  await using theirs = await BenchFleet.start(meter, hosts);
  const plain = await ansibleProject(theirs, hosts, { mitogen: null });
  const filesOnly = await ansibleProject(theirs, hosts, { mitogen: null, filesOnly: true });
  const first = await theirs.run(plain.argv, { env: plain.env });
  const again = ({ argv, env }: typeof plain) =>
    theirs.run(argv, { env, mustSay: /^(?!.*changed=[1-9]).*changed=0/s });
  const fast =
    typeof peers.mitogen === 'string'
      ? null
      : await ansibleProject(theirs, hosts, { mitogen: peers.mitogen.plugins });
  const costs = {
    ...{ ours: [] as Cost[], plain: [] as Cost[] },
    ...{ filesOnly: [] as Cost[], fast: [] as Cost[] },
  };
  for (let round = 0; round < rounds; round += 1) {
    // the dearest by far; xpush is run on either side of it
    costs.ours.push(await ours.applyAgain(hosts));
    costs.plain.push(await again(plain));
    costs.ours.push(await ours.applyAgain(hosts));
    costs.filesOnly.push(await again(filesOnly));
    if (fast !== null) costs.fast.push(await again(fast));
  }
  const own = rowOf('xpush apply, converged', hosts, costs.ours);
  const ansible = rowOf('Ansible, pipelining, converged', hosts, costs.plain);
  const mitogen: Row | string =
    typeof peers.mitogen === 'string'
      ? peers.mitogen
      : rowOf('Ansible with Mitogen, converged', hosts, costs.fast);
  return {
    findings: {
      ansibleWall: wallRatio(ansible, own),
      ansibleCpu: cpuRatio(ansible, own),
      mitogenWall: wallRatio(mitogen, own),
      mitogenCpu: cpuRatio(mitogen, own),
    },
    rows: [
      rowOf('Ansible, pipelining, first apply', hosts, [first]),
      own,
      ansible,
      rowOf('the same without the live firewall, converged', hosts, costs.filesOnly),
      ...(typeof mitogen === 'string' ? [] : [mitogen]),
    ],
  };
}

function missing(ansible: string, mitogen: string): Findings {
  return {
    ansibleWall: { missing: ansible },
    ansibleCpu: { missing: ansible },
    mitogenWall: { missing: mitogen },
    mitogenCpu: { missing: mitogen },
  };
}
