import { ansibleProject } from './ansible-project.ts';
import { BenchFleet } from './bench-fleet.ts';
import { Meter } from './meter.ts';
import { findPeers } from './peers.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
await using meter = await Meter.open();
const peers = await findPeers(say);
await using fleet = await BenchFleet.start(meter, 4);
for (const mitogen of [null, null, (peers.mitogen as { plugins: string }).plugins]) {
  const { argv, env } = await ansibleProject(fleet, 4, { mitogen });
  const { stdout, stderr, code } = await fleet.lab.run(argv, {
    env: { ...fleet.environment, ...env },
  });
  say(`${code}\n${stdout.slice(-3500)}\n${stderr.slice(-1500)}`);
}
