import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recordOf } from '../../src/engine/records.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Dom0, DomU } from '../../src/inventory/model.ts';
import { installedConfig } from '../../src/lab/installed-files.ts';
import { iptablesFirewall } from '../../src/xen/firewall.ts';
import { firewallModel } from '../../src/xen/firewall-model.ts';
import { iftabFile } from '../../src/xen/iftab.ts';
import { interfacesFile } from '../../src/xen/interfaces-file.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import { rtTablesFile, tableNames } from '../../src/xen/rt-tables-file.ts';
import { kernelParameters } from '../../src/xen/sysctls.ts';
import { editVifList } from '../../src/xen/vif-list.ts';
import { readPage, root } from './markdown.ts';

// The pages show what the steps make of inventory/webserv.yaml; here it is made again.
const inventory = await loadInventory({ argument: join(root, 'inventory', 'webserv.yaml') });
const dom0 = [...inventory.hosts.values()].find((host): host is Dom0 => host.kind === 'dom0');
const guest = [...inventory.hosts.values()].find((host): host is DomU => host.kind === 'domU');
if (dom0 === undefined || guest === undefined)
  throw new Error('webserv.yaml has a dom0 and a domU');

/** The added lines of the diff that a page shows. */
async function addedIn(path: string): Promise<string[]> {
  const { text } = await readPage(join(root, path));
  const diff = /^--- .*\n\+\+\+ .*\n((?:[-+@ ].*\n)*)/m.exec(text)?.[1] ?? '';
  return diff.split('\n').flatMap((line) => (line.startsWith('+') ? [line.slice(1)] : []));
}

const linesOf = (text: string | null): string[] => (text ?? '').split('\n').filter(Boolean);

describe('the diff shown in', () => {
  test.each(['README.md', 'docs/steps/vif-config.md'])(
    '%s is that of the vif list',
    async (path) => {
      const edit = editVifList(installedConfig(guest), guest);

      const wanted = edit.kind === 'changed' ? edit.text : '';
      const added = await addedIn(path);
      expect(added).toHaveLength(guest.vifs.length);
      expect(wanted).toContain(`${added.join('\n')}\n`);
    },
  );

  test('docs/steps/firewall.md has all rules of XPUSH-FWD', async () => {
    const { chains } = iptablesFirewall(firewallModel(dom0, [guest], 4));
    const rules = chains.get('XPUSH-FWD') ?? [];

    const added = await addedIn('docs/steps/firewall.md');
    expect(added.filter((line) => line.startsWith('-A XPUSH-FWD'))).toEqual(
      rules.map((rule) => `-A XPUSH-FWD ${rule}`),
    );
  });

  test('docs/steps/sysctl.md is one that a dom0 gets', async () => {
    const wanted = kernelParameters(dom0, [guest]).map(({ name, value }) => `${name} = ${value}`);

    const [shown] = await addedIn('docs/steps/sysctl.md');
    expect(wanted).toContain(shown);
  });

  test('docs/steps/iftab.md is the whole file', async () => {
    expect(await addedIn('docs/steps/iftab.md')).toEqual(linesOf(iftabFile(null, guest)));
  });

  test('docs/steps/rt-tables.md is what is added', async () => {
    const before = '255\tlocal\n';
    const added = linesOf(rtTablesFile(before, tableNames(guest))).slice(1);

    expect(await addedIn('docs/steps/rt-tables.md')).toEqual(added);
  });

  test('docs/steps/ip-rules.md is what a guest without tables gets', async () => {
    const interfaces = guest.vifs.map(({ iface, mac, ips, ipv4 }) => ({
      name: iface,
      mac,
      isUp: true,
      addresses: ips.map((ip) => ({ ip, prefix: ipv4?.prefix ?? 32 })),
    }));
    const { operations } = planRouting(guest, { interfaces, rules: [], routes: [] });
    const nothing = { entries: [], fingerprint: null };
    const { after } = recordOf({
      kind: 'routing',
      effect: 'live',
      family: 4,
      operations,
      before: { rules: nothing, routes: nothing },
    });

    const ofTables = linesOf(after).filter((line) => !line.endsWith('table 254'));
    expect(await addedIn('docs/steps/ip-rules.md')).toEqual(ofTables);
  });
});

test('docs/steps/interfaces.md shows a stanza of the file', async () => {
  const page = await readPage(join(root, 'docs', 'steps', 'interfaces.md'));

  const shown = page.fences.find(({ info }) => info === 'text')?.text ?? '?';
  expect(interfacesFile(null, guest)).toContain(shown);
});
