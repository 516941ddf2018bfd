import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { usualSafety } from '../../src/inventory/model.ts';
import { refusals } from './refusals.ts';

async function hostsOf(stdin: string) {
  const { hosts } = await loadInventory({ argument: '-', stdin });
  return Object.fromEntries(hosts);
}

describe('safety', () => {
  test('is the usual one where nothing is written', async () => {
    const { xen1 } = await hostsOf('dom0: { xen1: }\n');

    expect(xen1?.safety).toEqual(usualSafety);
    expect(xen1?.expect).toEqual({ hostname: null, machineId: null });
  });

  test('is layered key by key: the top level, groups from outer to inner, the host', async () => {
    const { far, near, own } = await hostsOf(`
safety: { confirm_timeout: 60, keep_generations: 9 }
hosts: { far: { groups: inner }, near: , own: { groups: inner, safety: { confirm_timeout: 5 } } }
groups:
  outer: { children: inner, safety: { confirm_timeout: 90, on_rollback_failure: reboot } }
  inner: { safety: { on_rollback_failure: open } }
`);

    expect(near?.safety).toEqual({
      ...usualSafety,
      confirmTimeoutSeconds: 60,
      keepGenerations: 9,
    });
    expect(far?.safety).toEqual({
      ...usualSafety,
      confirmTimeoutSeconds: 90,
      keepGenerations: 9,
      onRollbackFailure: 'open',
    });
    expect(own?.safety.confirmTimeoutSeconds).toBe(5);
  });

  test('what a host must say of itself advances with a range', async () => {
    const { xen1, xen2 } = await hostsOf(
      'dom0: { "xen[1:2]": { expect: { hostname: "xen[1:2].example" } } }\n',
    );

    expect(xen1?.expect.hostname).toBe('xen1.example');
    expect(xen2?.expect.hostname).toBe('xen2.example');
  });

  test('a machine id is compared in lower case', async () => {
    const id = '4D3C2B1A4D3C2B1A4D3C2B1A4D3C2B1A';
    const { a } = await hostsOf(`hosts: { a: { expect: { machine_id: ${id} } } }\n`);

    expect(a?.expect.machineId).toBe(id.toLowerCase());
  });
});

refusals('safety', [
  {
    title: 'a window that nobody could come back in',
    yaml: `safety: { confirm_timeout: 2 }
dom0: { xen1: }
`,
    said: `<stdin>:1:28: confirm_timeout must be at least 3, not 2
  safety: { confirm_timeout: 2 }
                             ^`,
  },
  {
    title: 'words that are nearly right, at all levels',
    yaml: `dom0: { xen1: { safety: { confirm_timout: 9 } } }
groups: { all-of-them: { safety: { on_rollback_failure: restart } } }
`,
    said: `<stdin>:1:27: unknown key "confirm_timout"
  dom0: { xen1: { safety: { confirm_timout: 9 } } }
                            ^~~~~~~~~~~~~~
  hint: did you mean "confirm_timeout"?
<stdin>:2:57: on_rollback_failure must be stay, reboot or open, not "restart"
  groups: { all-of-them: { safety: { on_rollback_failure: restart } } }
                                                          ^~~~~~~`,
  },
  {
    title: 'an expectation of nothing, and one of no machine id',
    yaml: `hosts: { a: { expect: {} }, b: { expect: { machine_id: abc } } }
`,
    said: `<stdin>:1:23: expect must have "hostname" or "machine_id", or both
  hosts: { a: { expect: {} }, b: { expect: { machine_id: abc } } }
                        ^~
<stdin>:1:56: "abc" is not a machine id
  hosts: { a: { expect: {} }, b: { expect: { machine_id: abc } } }
                                                         ^~~
  hint: such as 32 hex digits, as in /etc/machine-id`,
  },
  {
    title: 'two hosts of one machine id',
    yaml: `hosts:
  a: { expect: { machine_id: 4d3c2b1a4d3c2b1a4d3c2b1a4d3c2b1a } }
  b: { expect: { machine_id: 4d3c2b1a4d3c2b1a4d3c2b1a4d3c2b1a } }
`,
    said: `<stdin>:3:30: the machine id 4d3c2b1a4d3c2b1a4d3c2b1a4d3c2b1a of b is that of a too
    b: { expect: { machine_id: 4d3c2b1a4d3c2b1a4d3c2b1a4d3c2b1a } }
                               ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  hint: one of them is a copy; first at <stdin>:2:30`,
  },
]);
