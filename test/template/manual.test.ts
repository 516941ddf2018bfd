import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineFilters, library } from '../../src/template/library.ts';
import { rendering, told } from './scope.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/templates.md'), 'utf8');
const values = {
  port: 8080,
  users: ['ann', 'bob'],
  site: { name: 'www', tls: true, note: null },
};

describe('docs/templates.md', () => {
  const rows = [...page.matchAll(/^\| `(.*[{][{%].*)` \| `(.*)` \|$/gm)].map(
    ([, text = '', gives = '']) => [text.replaceAll('\\|', '|'), gives] as const,
  );

  test('has examples', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  test.each(rows)('%s gives %s', (text, gives) => {
    expect(JSON.stringify(told(rendering(text, values)))).toBe(gives);
  });

  test('names all filters and tests, and none that is not there', () => {
    const section = page.slice(page.indexOf('## Filters'), page.indexOf('Functions:'));
    const [filters = '', tests = ''] = section.split('Tests (');
    const named = (text: string) =>
      [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name).toSorted();
    const queries = [
      'address',
      'broadcast',
      'host',
      'hostmask',
      'netmask',
      'network',
      'prefix',
      'size',
      'subnet',
      'version',
    ];
    const words = [...library.tests.keys()].filter((name) => /^\w+$/.test(name));

    expect(named(filters)).toEqual(
      [...library.filters.keys(), ...engineFilters, 'd', 'default', ...queries].toSorted(),
    );
    expect(named(tests)).toEqual([...words, 'defined', 'undefined'].toSorted());
  });
});
