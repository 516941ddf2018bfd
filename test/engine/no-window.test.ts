import { describe, expect, test } from 'vitest';
import { bindTask } from '../../src/engine/bind-task.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { nothingTold } from '../../src/playbook/knowledge.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });

/** Whether each task of a play goes into a confirm window. */
function windows(play: string): readonly boolean[] {
  const node = parseYaml(`- hosts: all\n${play}\n`, 'site.yaml');
  const book = node.ok ? parsePlaybook(node.value, 'site.yaml') : node;
  const host = inventory.hosts.get('here');
  if (!book.ok || host === undefined) throw new Error('no playbook');
  return book.value.plays.flatMap(({ tasks }) =>
    tasks.map((task) => {
      const prepared = bindTask(task, { host, inventory })(nothingTold);
      return prepared.type === 'ready' && prepared.bound.network;
    }),
  );
}

const forwarding = 'sysctl: { name: net.ipv4.ip_forward, value: 1 }';

describe('network: false', () => {
  test('keeps the changes of a task out of the window, whatever its step says', () => {
    expect(
      windows(`  tasks:
    - ${forwarding}
    - { ${forwarding}, network: false }
    - { copy: { content: a, dest: /etc/a }, network: true }
    - { copy: { content: a, dest: /etc/a }, network: false }`),
    ).toEqual([true, false, true, false]);
  });

  test('is said by a block or a play for all in it; who says otherwise counts more', () => {
    expect(
      windows(`  network: false
  tasks:
    - ${forwarding}
    - block: [{ ${forwarding} }, { ${forwarding}, network: true }]`),
    ).toEqual([false, false, true]);
  });
});
