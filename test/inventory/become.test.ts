import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';

async function becomeOf(text: string, name = 'xen1') {
  const { hosts } = await loadInventory({ argument: '-', stdin: text });
  return hosts.get(name)?.become;
}

const usual = { method: 'sudo', user: 'root', password: null };

describe('become', () => {
  test('programs run as who logs in unless it is said', async () => {
    expect(await becomeOf('dom0: { xen1: }\n')).toBeNull();
    expect(await becomeOf('dom0: { xen1: { become: true } }\n')).toEqual(usual);
    expect(await becomeOf('dom0: { xen1: { become: { } } }\n')).toEqual(usual);
    expect(await becomeOf('become: true\ndom0: { xen1: }\n')).toEqual(usual);
  });

  test('what a host says goes before its groups, and they before the top, key by key', async () => {
    const text = `
become: { method: su, user: admin }
dom0:
  xen1: { become: { user: operator } }
  xen2:
  xen3: { become: false }
  xen4: { become: true }
groups:
  outer: { children: [inner], become: { method: sudo } }
  inner: { hosts: [xen1, xen4], become: { method: doas } }
`;
    expect(await becomeOf(text)).toEqual({ method: 'doas', user: 'operator', password: null });
    expect(await becomeOf(text, 'xen2')).toEqual({ method: 'su', user: 'admin', password: null });
    expect(await becomeOf(text, 'xen3')).toBeNull();
    expect(await becomeOf(text, 'xen4')).toMatchObject({ method: 'doas', user: 'admin' });
  });

  test('a group that switches it off does so for its hosts', async () => {
    const text = `
become: true
dom0: { xen1: , xen2: }
groups: { direct: { hosts: [xen1], become: false } }
`;
    expect(await becomeOf(text)).toBeNull();
    expect(await becomeOf(text, 'xen2')).toEqual(usual);
  });

  test('its password is a secret, which nothing shows', async () => {
    const become = await becomeOf('dom0: { xen1: { become: { password: !secret sudo } } }\n');
    expect(become?.password?.origin).toEqual({ kind: 'file', name: 'sudo' });
    expect(JSON.stringify(become)).toContain('***');
  });

  test.each([
    ['{ method: sudoo }', /method must be sudo, doas or su, not "sudoo"/],
    ['yes', /become must be true or false, but yes is text/],
    ['{ password: hunter2 }', /password must be a secret/],
    ['{ method: doas, password: !secret x }', /doas reads its password from a terminal only/],
    ['{ user: "a b" }', /"a b" is not a user name/],
  ])('%s is refused, and says why', async (written, why) => {
    await expect(becomeOf(`dom0: { xen1: { become: ${written} } }\n`)).rejects.toThrow(why);
  });
});
