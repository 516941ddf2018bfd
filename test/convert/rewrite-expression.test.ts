import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rewriteExpression, rewriteTemplate } from '../../src/convert/rewrite-expression.ts';
import { factKeys } from '../../src/playbook/facts.ts';

const expressions: readonly (readonly [string, string])[] = [
  ['ansible_os_family == "Debian"', 'facts.os_family == "Debian"'],
  ["ansible_facts['distribution_version'] | int", 'facts.distribution_version | int'],
  ['ansible_facts.os_family', 'facts.os_family'],
  ['ansible_facts | length', 'facts | length'],
  ['ansible_eth0.ipv4.address', 'facts.eth0.ipv4.address'],
  ['result|failed', 'result is failed'],
  ['not result | success and a', 'not result is success and a'],
  ["v|version_compare('1', '>')", "v is version('1', '>')"],
  ['v is version_compare("1")', 'v is version("1")'],
  ['x is not ansible.builtin.changed', 'x is not changed'],
  ['a | ansible.builtin.union(b) | community.general.x', 'a | union(b) | x'],
  ['hostvars[h].ansible_host', 'hostvars[h].address'],
  ["hostvars['a']['ansible_host']", "hostvars['a']['address']"],
  ['d.iteritems()', 'd.items()'],
  ['f(ansible_x=1)', 'f(ansible_x=1)'],
  ['"ansible_os_family"', '"ansible_os_family"'],
  ['my_ansible_hostname', 'my_ansible_hostname'],
  [
    'ansible_failed_result.msg ~ ansible_loop.index',
    'ansible_failed_result.msg ~ ansible_loop.index',
  ],
];

describe('rewriteExpression', () => {
  test.each(expressions)('%s becomes %s', (from, to) => {
    expect(rewriteExpression(from)).toEqual({ text: to, remarks: [] });
  });

  test('every fact keeps its name', () => {
    for (const key of factKeys) {
      expect(rewriteExpression(`ansible_${key}`).text).toBe(`facts.${key}`);
    }
  });

  test('a name that is not here stays, and is told of', () => {
    const { text, remarks } = rewriteExpression('ansible_date_time.iso8601 and playbook_dir');

    expect(text).toBe('ansible_date_time.iso8601 and playbook_dir');
    expect(remarks).toHaveLength(2);
  });

  test('what is rewritten once stays as it is', () => {
    for (const [, to] of expressions) expect(rewriteExpression(to).text).toBe(to);
  });
});

describe('rewriteTemplate', () => {
  test('only what is in braces is an expression', () => {
    expect(
      rewriteTemplate('ansible_hostname {{ ansible_hostname }}{# ansible_hostname #}').text,
    ).toBe('ansible_hostname {{ facts.hostname }}{# ansible_hostname #}');
  });

  test('raw texts stay', () => {
    const text = '{% raw %}{{ ansible_hostname }}{% endraw %}';

    expect(rewriteTemplate(text).text).toBe(text);
  });

  test('statements are rewritten', () => {
    expect(rewriteTemplate('{% if ansible_hostname is change %}{% endif %}').text).toBe(
      '{% if facts.hostname is changed %}{% endif %}',
    );
  });

  test('no text makes it throw, and one without marks stays', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { text: result } = rewriteTemplate(text);
        if (!/\{[{%#]/.test(text)) expect(result).toBe(text);
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{{', '}}', '{%', '%}', ' a ', "'", '|', 'is', '(')),
        (parts) => {
          rewriteTemplate(parts.join(''));
          rewriteExpression(parts.join(''));
        },
      ),
    );
  });
});
