import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rules } from '../../src/lint/finding.ts';
import { readPage, root } from './markdown.ts';

test('docs/lint.md has all rules, and no others', async () => {
  const page = await readPage(join(root, 'docs', 'lint.md'));

  const rows = page.headings.find(({ words }) => words === 'Rules')?.rows ?? [];
  expect(rows.map(([rule, , finds]) => [rule, finds])).toEqual([
    ['`invalid`', expect.stringContaining('xpush apply')],
    ...Object.entries(rules).map(([rule, finds]) => [`\`${rule}\``, finds]),
  ]);
});
