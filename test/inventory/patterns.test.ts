import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { runs } from '../runs.ts';

let fleet: Inventory;

beforeAll(async () => {
  fleet = await loadInventory({
    argument: '-',
    stdin: `dom0: { "xen[1:3]": }
domU:
  web1: { dom0: xen1 }
  web2: { dom0: xen2 }
  mail: { dom0: xen1 }
hosts: { db-1: }
groups:
  webs: [web1, web2]
  services: { children: [webs], hosts: [mail] }
  empty: []
`,
  });
});

function select(pattern: string | readonly string[]): string {
  const selection = selectHosts(fleet, pattern);
  if (selection.ok) return selection.hosts.map(({ name }) => name).join(' ');
  return selection.hint === null ? selection.message : `${selection.message} (${selection.hint})`;
}

describe('selectHosts', () => {
  test.each([
    ['web1', 'web1'],
    ['all', 'xen1 xen2 xen3 web1 web2 mail db-1'],
    ['*', 'xen1 xen2 xen3 web1 web2 mail db-1'],
    ['dom0', 'xen1 xen2 xen3'],
    ['domU', 'web1 web2 mail'],
    ['domU@xen1', 'web1 mail'],
    ['services', 'web1 web2 mail'],
    ['empty', ''],
    ['domU@xen3', ''],
    ['mail,xen2', 'xen2 mail'],
    ['mail:xen2', 'xen2 mail'],
    [' mail , xen2 ', 'xen2 mail'],
    ['xen?', 'xen1 xen2 xen3'],
    ['xen[13]', 'xen1 xen3'],
    ['xen[1-2]', 'xen1 xen2'],
    ['xen[!1]', 'xen2 xen3'],
    ['xen[2:3]', 'xen2 xen3'],
    ['web*', 'web1 web2'],
    ['serv*', 'web1 web2 mail'],
    ['d*', 'db-1'],
    ['~xen[12]', 'xen1 xen2'],
    ['~(web|mail)', 'web1 web2 mail'],
    ['~we', 'web1 web2'],
    ['~eb', 'no host or group matches "~eb"'],
    ['~serv.*s$', 'web1 web2 mail'],
    ['~d', 'db-1'],
    ['~(web|xen).{1,3}:!~.*1$', 'xen2 xen3 web2'],
    ['all:&~(a,b|xen)', 'xen1 xen2 xen3'],
    ['all:!dom0', 'web1 web2 mail db-1'],
    ['domU:&webs', 'web1 web2'],
    ['domU,&webs,!web1', 'web2'],
    ['!web1:services', 'web2 mail'],
    ['!dom0', 'web1 web2 mail db-1'],
    ['&dom0', 'xen1 xen2 xen3'],
    ['domU:&services:&domU@xen1', 'web1 mail'],
    ['all:![wx]*', 'mail db-1'],
    ['xen1:!xen1', ''],
  ])('%s selects "%s"', (pattern, hosts) => {
    expect(select(pattern)).toBe(hosts);
  });

  test.each([
    ['wbe1', 'no host or group is called "wbe1" (did you mean "web1"?)'],
    ['web1,wbes', 'no host or group is called "wbes" (did you mean "webs"?)'],
    ['all:!servces', 'no host or group is called "servces" (did you mean "services"?)'],
    ['all:&nothing-like-it', 'no host or group is called "nothing-like-it"'],
    ['foo*', 'no host or group matches "foo*"'],
    ['xen[1:4]', 'no host or group is called "xen4" (did you mean "xen1"?)'],
    ['xen[3:1]', 'the range [3:1] ends before it begins'],
    ['', 'the host pattern is empty (write all for every host)'],
    [' , :', 'the host pattern is empty (write all for every host)'],
    ['!', 'no host or group is called ""'],
  ])('%j is an error: %s', (pattern, said) => {
    expect(select(pattern)).toBe(said);
  });

  test('says why something is no regular expression, and gives one up that takes too long', () => {
    expect(select('~xen[')).toMatch(/^"~xen\[" is no expression to find hosts by: Invalid/);
    expect(select('~(a|(?:[a-z]+)+)+!$')).toMatch(/no host or group|takes longer/);
  });

  test('a list of patterns is their union', () => {
    expect(select(['web1', 'dom0:!xen1'])).toBe('xen2 xen3 web1');
    expect(select([])).toBe('the host pattern is empty (write all for every host)');
  });

  test('never fails, keeps the order of the inventory, and an exclusion always holds', () => {
    const term = fc.oneof(
      fc.constantFrom(
        'web1',
        'dom0',
        'domU',
        'services',
        '*',
        'xen[1:2]',
        'x*',
        '!mail',
        '&domU',
        '[',
        'xen[',
        '?*?',
      ),
      fc.string({ maxLength: 6 }),
    );
    const order = [...fleet.hosts.keys()];
    fc.assert(
      fc.property(fc.array(term, { maxLength: 6 }), (terms) => {
        const selection = selectHosts(fleet, [...terms, '!web2'].join(','));
        if (!selection.ok) return;

        const names = selection.hosts.map(({ name }) => name);
        expect(names).not.toContain('web2');
        expect(names).toEqual(order.filter((name) => names.includes(name)));
      }),
      { numRuns: runs() },
    );
  });
});
