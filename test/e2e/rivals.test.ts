import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory, statuses } from './fleet.ts';

const describe = await labDescribe();

describe('applies at the same time', () => {
  test('of three, one works on a host at a time: the others are told who, and what is left is what one leaves', async () => {
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

    for (const { code, stderr } of rivals) expect([0, 6], stderr).toContain(code);
    const said = rivals.flatMap(({ document }) => Object.values(document.hosts));
    for (const { status } of said) expect(['ok', 'changed', 'busy', 'skipped']).toContain(status);
    for (const { status, error } of said) {
      if (status === 'busy') expect(error?.message).toMatch(/run \d{8}T\d{6}Z-[0-9a-f]{6} /);
    }
    await fleet.mustApply();
    const last = await fleet.mustApply();
    expect(last.document.recap).toMatchObject({ ok: 3, changed: 0 });
    expect(statuses(last.document)).toEqual({ xen1: 'ok', webserv: 'ok', mail: 'ok' });
    expect(await contents(fleet)).toEqual(await contents(alone));
  });
});
