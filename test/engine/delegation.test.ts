import { describe, expect, test } from 'vitest';
import { planLegs } from '../../src/engine/legs.ts';
import { planHosts } from '../../src/engine/plays.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: 'hosts: { a: { vars: { lb: c } }, b: { vars: { lb: c } }, c: {} }',
});

function hosted(tasks: string, hosts = 'a,b') {
  const node = parseYaml(
    `- hosts: ${hosts}\n  tasks:\n${tasks.trim().replace(/^/gm, '    ')}\n`,
    'x',
  );
  const book = node.ok ? parsePlaybook(node.value, 'x') : node;
  if (!book.ok) throw new ConfigError(book.diagnostics);
  return planHosts(book.value.plays, inventory, null).plays;
}

function shape(tasks: string) {
  const legs = planLegs(hosted(tasks), inventory);
  const label = ({ host, at, tasks: list }: (typeof legs)[number]) =>
    `${host.name}${at === undefined ? '' : `@${at.name}`}:${list.map(({ task }) => task.name).join('+')}`;
  return Object.fromEntries(legs.map((leg) => [label(leg), leg.after.map(label)]));
}

describe('planLegs', () => {
  test('a task that is done elsewhere parts the tasks of its host', () => {
    expect(
      shape(`
- { name: one, debug: x }
- { name: two, debug: x, delegate_to: "{{ lb }}" }
- { name: three, debug: x, delegate_to: c }
- { name: four, debug: x }
`),
    ).toEqual({
      'a:one': [],
      'a@c:two+three': ['a:one'],
      'a:four': ['a@c:two+three'],
      'b:one': [],
      'b@c:two+three': ['b:one'],
      'b:four': ['b@c:two+three'],
    });
  });

  test('what is done once is done by the first host, and all wait for it', () => {
    expect(
      shape(`
- { name: one, debug: x }
- { name: two, debug: x, run_once: true }
- { name: three, debug: x }
`),
    ).toEqual({
      'a:one+two': [],
      'a:three': ['a:one+two'],
      'b:one': [],
      'b:three': ['b:one', 'a:one+two'],
    });
  });

  test('what is done once, and on the controller', () => {
    expect(shape('- { name: one, debug: x, run_once: true, delegate_to: localhost }')).toEqual({
      'a@localhost:one': [],
    });
  });
});

describe('planHosts', () => {
  test.each([
    ['- { debug: x, delegate_to: d }', 'delegate_to: there is no host "d"'],
    [
      '- { debug: x, delegate_to: "{{ facts.x }}" }',
      'where a task is done is known before the run',
    ],
    ['- { debug: x, delegate_to: "{{ lbb }}" }', 'lbb'],
  ])('refuses %s', (tasks, message) => {
    expect(() => hosted(tasks)).toThrow(message);
  });
});
