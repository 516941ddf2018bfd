import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codesIn, readPage, root } from './markdown.ts';

const page = await readPage(join(root, 'docs', 'safety.md'));
const rows = page.headings.find(({ words }) => words === 'What is tested')?.rows ?? [];

describe('the fault table of the manual', () => {
  test('is long', () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  test.each(rows.map((row) => [row[0] ?? '', row] as const))('%s: is tested', async (_, row) => {
    const [name = ''] = codesIn(row.at(-1) ?? '');
    const path = join(root, name.startsWith('test/') ? name : `test/e2e/faults/${name}`);

    expect(existsSync(path), path).toBe(true);
    if (path.endsWith('.ts')) expect(await readFile(path, 'utf8')).toMatch(/\btest\b/);
  });
});
