import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory } from './fleet.ts';

const describe = await labDescribe();

describe('xpush verify', () => {
  test('right after apply everything holds', async () => {
    await using fleet = await Fleet.start(await shippedInventory('two-guests'), {
      forwarding: true,
    });
    await fleet.lab
      .host('webserv')
      .listen(
        ['192.168.0.200', '192.168.0.201', '192.168.0.202'].flatMap((address) =>
          [80, 443].map((port) => ({ address, port })),
        ),
      );
    await fleet.lab
      .host('mail')
      .listen(
        ['192.168.0.210', '192.168.0.211'].flatMap((address) =>
          [25, 443].map((port) => ({ address, port })),
        ),
      );
    const before = await fleet.xpush('verify', fleet.file);
    process.stderr.write(`${before.stdout}${before.stderr}\n`);
    await fleet.mustApply();
    const run = await fleet.xpush('verify', fleet.file);
    process.stderr.write(`${run.stdout}${run.stderr}\n`);
    expect(run.code).toBe(0);
  });
});
