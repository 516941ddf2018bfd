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
    ['webs[0]', 'web1'],
    ['webs[-1]', 'web2'],
    ['services[1:]', 'web2 mail'],
    ['services[0:1]', 'web1 web2'],
    ['services[:1]', 'web1 web2'],
    ['services[1:7]', 'web2 mail'],
    ['all[3]', 'web1'],
    ['domU@xen1[1]', 'mail'],
    ['services[-2:]', 'web2 mail'],
    ['services[:-2]', 'web1 web2'],
    ['empty[0]', ''],
    ['empty[1:]', ''],
    ['services:!services[0],&domU', 'web2 mail'],
    ['web[1:2]', 'web1 web2'],
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
    ['webs[2]', '"webs[2]" is outside of the group: webs has 2 hosts, and the first is webs[0]'],
    ['webs[-3]', '"webs[-3]" is outside of the group: webs has 2 hosts, and the first is webs[0]'],
    [
      'webs[2:4]',
      '"webs[2:4]" is outside of the group: webs has 2 hosts, and the first is webs[0]',
    ],
    ['webz[0]', 'no host or group matches "webz[0]"'],
    ['', 'the host pattern is empty (write all for every host)'],
    [' , :', 'the host pattern is empty (write all for every host)'],
    ['!', 'no host or group is called ""'],
  ])('%j is an error: %s', (pattern, said) => {
    expect(select(pattern)).toBe(said);
  });

  test('says why something is no regular expression, and gives one up that takes too long', () => {
    expect(select('~xen[')).toBe(
      `"~xen[" finds no hosts: "xen[" is no regular expression: Unterminated character class`,
    );
    expect(select('~(a|(?:[a-z]+)+)+!$')).toMatch(/no host or group|takes longer/);
  });

  test('does not guess which hosts are meant by what is a place in a group and a name', async () => {
    const ambiguous = await loadInventory({
      argument: '-',
      stdin: 'hosts: { mail: , "web[1:4]": }\ngroups: { web: ["web[1:4]", mail] }\n',
    });
    const said = (pattern: string) => {
      const found = selectHosts(ambiguous, pattern);
      return found.ok ? found.hosts.map(({ name }) => name).join(' ') : found.message;
    };
    expect(said('web[0]')).toBe('mail');
    expect(said('web[1:3]')).toBe('web1 web2 web3');
    expect(said('web[24]')).toBe('web2 web4');
    expect(said('web[-1:]')).toMatch(/by their places \(web4\), and hosts of that name \(web1\)/);
    expect(said('web[2:2]')).toBe('web2');
    expect(said('web[0:4]')).toBe(
      '"web[0:4]" are hosts of the group web by their places (mail, web1, web2, ...), and hosts of that name (web1, web2, web3, ...)',
    );
    expect(said('web[1-3]')).toBe('web1 web2 web3');
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
        'webs[0]',
        'services[1:]',
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
