import { afterAll, bench } from 'vitest';
import { changing } from '../e2e/faults/changes.ts';
import { FaultFleet, type FaultHost } from '../e2e/faults/fault-fleet.ts';
import { labDescribe } from '../lab-tier.ts';

// `creates` is left out: each run changes the host anew
const change = changing(
  'ip rule del pref 1100 2>/dev/null || true; ip rule add pref 1100 lookup 16',
)
  .replaceAll('creates: /etc/fault.conf, ', '')
  .replaceAll(', creates: /etc/fault.later', '');

const describe = await labDescribe();
// benches have no beforeAll; the first run, which does not count, starts the lab
let starting: Promise<FaultFleet> | null = null;
let taking: Promise<FaultHost> | null = null;

function take(): Promise<FaultHost> {
  starting ??= FaultFleet.start({ hosts: { full: 1 } });
  taking ??= starting.then((fleet) => fleet.take('full'));
  return taking;
}

/** `npx vitest bench --run test/bench/window.bench.ts`: `mean` is milliseconds a run. */
describe('a changed host, from the command line to its end', () => {
  afterAll(async () => {
    await (await starting)?.[Symbol.asyncDispose]();
  });
  const options = { iterations: 8, time: 0, warmupIterations: 1, warmupTime: 0 };
  const expectChanged = async (...args: readonly string[]): Promise<void> => {
    const host = await take();
    const { code, stderr } = await host.apply(change, args);
    if (code !== 0) throw new Error(stderr);
  };

  bench('without a confirm window', () => expectChanged('--no-confirm'), options);
  bench('with one', () => expectChanged('--confirm-timeout', '20'), options);
});
