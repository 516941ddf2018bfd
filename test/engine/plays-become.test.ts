import { describe, expect, test } from 'vitest';
import { planHosts } from '../../src/engine/plays.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: 'hosts: { a: {}, b: { become: { method: doas } }, c: {} }',
});

function becoming(playbook: string) {
  const node = parseYaml(playbook, 'site.yaml');
  const book = node.ok ? parsePlaybook(node.value, 'site.yaml') : node;
  if (!book.ok) throw new Error(book.diagnostics.map(formatDiagnostic).join('\n'));
  const { hosts } = planHosts(book.value.plays, inventory, null).inventory;
  return [...hosts.values()].map(({ name, become }) => `${name} ${become?.method ?? '-'}`);
}

describe('planHosts', () => {
  test('hosts of a task that is for root become it, by what the inventory says of them', () => {
    expect(becoming('- { hosts: "a,b", become: true, tasks: [{ debug: x }] }')).toEqual([
      'a sudo',
      'b doas',
      'c -',
    ]);
    expect(
      becoming(
        '- { hosts: a, tasks: [{ debug: x }] }\n- { hosts: c, tasks: [{ debug: x, become: true }] }',
      ),
    ).toEqual(['a -', 'b doas', 'c sudo']);
  });

  test('a task cannot be for less than its host', () => {
    expect(() => becoming('- { hosts: b, tasks: [{ debug: x, become: false }] }')).toThrow(
      /site\.yaml:1:\d+: all programs of a host run as one user/,
    );
  });
});
