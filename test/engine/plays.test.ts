import { describe, expect, test } from 'vitest';
import { planHosts } from '../../src/engine/plays.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `networks: { lan: { subnet: 10.0.0.0/24 } }
dom0: { xen1: {}, xen2: {} }
domU: { "web[1:2]": { dom0: xen1, vifs: [{ ip: "10.0.0.[1:2]" }] } }
`,
});

function hosted(
  text: string,
  limit: string | null = null,
  only: readonly string[] | null = null,
  of = inventory,
) {
  const parsed = parseYaml(text, 'site.yaml');
  const playbook = parsed.ok ? parsePlaybook(parsed.value, 'site.yaml') : parsed;
  if (!playbook.ok) throw new ConfigError(playbook.diagnostics);
  const { plays, notes } = planHosts(playbook.value.plays, of, limit, only && new Set(only));
  return { hosts: plays.map(({ hosts }) => [...hosts]), notes };
}

function complaints(text: string, limit: string | null = null): string {
  try {
    hosted(text, limit);
    return 'nothing is wrong';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(formatDiagnostic).join('\n');
  }
}

const site = `- { hosts: dom0, tasks: [{ firewall: }] }
- { hosts: domU, tasks: [{ ip_rules: }] }
`;

describe('planHosts', () => {
  test('gives each play its hosts within the limit', () => {
    expect(hosted(site)).toEqual({
      hosts: [
        ['xen1', 'xen2'],
        ['web1', 'web2'],
      ],
      notes: [],
    });
    expect(hosted(site, 'xen2,web*')).toEqual({
      hosts: [['xen2'], ['web1', 'web2']],
      notes: ['xen1 is not part of this run: taken as done for 2 of its guests'],
    });
  });

  test('dom0s outside the limit are one line, however many', async () => {
    const names = Array.from({ length: 10 }, (_, index) => index + 1);
    const dom0 = names.map((n) => `xen${n}: {}`).join(', ');
    const domU = names.map((n) => `web${n}: { dom0: xen${n}, vifs: [{ ip: 10.0.0.${n} }] }`);
    const fleet = await loadInventory({
      argument: '-',
      stdin: `networks: { lan: { subnet: 10.0.0.0/24 } }
dom0: { ${dom0} }
domU: { ${domU.join(', ')} }
`,
    });

    expect(hosted(site, 'web1,web2', null, fleet).notes).toEqual([
      'xen1, xen2 are not part of this run: taken as done for 2 of their guests',
    ]);
    expect(hosted(site, 'web*', null, fleet).notes).toEqual([
      'xen1, xen2, xen3, xen4, xen5, xen6, xen7, xen8 and 2 more are not part of this run: taken as done for 10 of their guests',
    ]);
  });

  test('of these hosts alone, and says which of them are gone', () => {
    expect(hosted(site, 'xen1,web*', ['xen1', 'xen2', 'web2', 'web9'])).toEqual({
      hosts: [['xen1'], ['web2']],
      notes: ['web9 is not in the inventory any more; skipped'],
    });
  });

  test('max_per names groups that there are', () => {
    expect(hosted('- { hosts: dom0, max_per: { dom0: 1, domU: 3 } }\n').hosts).toHaveLength(1);
    expect(complaints('- { hosts: dom0, max_per: { domV: 1 } }\n')).toMatchInlineSnapshot(`
      "site.yaml:1:29: max_per: there is no group "domV"
        - { hosts: dom0, max_per: { domV: 1 } }
                                    ^~~~
        hint: did you mean "dom0"?"
    `);
  });

  test('says of a play that it has no hosts', () => {
    expect(hosted('- { hosts: "domU@xen2", tasks: [{ ip_rules: }] }\n')).toEqual({
      hosts: [[]],
      notes: ['domU@xen2: no hosts; skipped'],
    });
  });

  test('refuses patterns that name nothing and steps that are not for their hosts, all at once', () => {
    const text = `- { hosts: web3, tasks: [] }
- { hosts: all, tasks: [{ firewall: }] }
`;

    expect(complaints(text, 'xen3')).toBe(`--limit: no host or group is called "xen3"
  hint: did you mean "xen1"?
site.yaml:1:12: no host or group is called "web3"
  - { hosts: web3, tasks: [] }
             ^~~~
  hint: did you mean "web1"?
site.yaml:2:27: firewall is for dom0 hosts; this play has web1 (domU) and 1 more
  - { hosts: all, tasks: [{ firewall: }] }
                            ^~~~~~~~
  hint: give the play other hosts, or move the task to a play of its own`);
  });
});
