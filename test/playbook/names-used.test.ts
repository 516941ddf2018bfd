import { describe, expect, test } from 'vitest';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { namesUsed, reachedNames, valuesOn } from '../../src/playbook/names-used.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

function plays(text: string, extraVars = {}) {
  const node = parseYaml(text, 'site.yaml', { takesSecrets: true });
  const book = node.ok ? parsePlaybook(node.value, 'site.yaml', { extraVars }) : node;
  if (!book.ok) throw new Error(JSON.stringify(book.diagnostics));
  return book.value.plays;
}

describe('namesUsed', () => {
  test('has the variables of expressions without braces', () => {
    const [play] = plays('- hosts: all\n  tasks: [{ assert: { that: [x.y > z] } }]\n');
    const [task] = play?.tasks ?? [];

    expect(task && namesUsed(task).map(({ keys }) => keys.join('.'))).toEqual(['x.y', 'z']);
  });
});

describe('reachedNames', () => {
  test('goes on through variables that read others, in circles too', () => {
    const [play] = plays(
      '- hosts: all\n  vars: { a: "{{ b }}", b: ["{{ a.x }}", "{{ c }}"], d: 1 }\n  tasks: [{ debug: { msg: x } }]\n',
    );
    const levels = play?.tasks[0]?.keywords?.vars ?? [];

    expect([...reachedNames(['a'], valuesOn(levels))].toSorted()).toEqual(['a', 'b', 'c']);
  });
});
