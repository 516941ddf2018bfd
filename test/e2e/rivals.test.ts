import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory, statuses } from './fleet.ts';

const describe = await labDescribe();

describe('applies at the same time', () => {
  test('three end well, and leave what one leaves', async () => {
    const text = await shippedInventory('two-guests');
    await using alone = await Fleet.start(text, { forwarding: true });
    await using fleet = await Fleet.start(text, { forwarding: true });
    /** What xpush has a hand in, and is the same on two machines. */
    const contents = async (of: Fleet) =>
      Object.values(await of.snapshots()).flatMap(({ files, live }) => [
        ...files
          .split('\n')
          .filter((line) => /^[0-9a-f]{64} .*(xen|network|iftab|rt_tables|sysctl)/.test(line)),
        ...live.split('\n').filter((line) => /XPUSH| lookup | table eth\d-/.test(line)),
      ]);

    await alone.mustApply();
    const rivals = await Promise.all([fleet.apply(), fleet.apply(), fleet.apply()]);
    const last = await fleet.mustApply();

    for (const { code, stderr } of rivals) expect(code, stderr).toBe(0);
    expect(last.document.recap).toMatchObject({ ok: 3, changed: 0 });
    expect(statuses(last.document)).toEqual({ xen1: 'ok', webserv: 'ok', mail: 'ok' });
    expect(await contents(fleet)).toEqual(await contents(alone));
  });
});
