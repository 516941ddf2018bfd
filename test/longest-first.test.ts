import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isApart } from './apart.ts';
import { longest } from './longest-first.ts';

const root = join(import.meta.dirname, '..');

test('what is begun first is there, once, and has no process of its own', () => {
  expect(longest.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(new Set(longest).size).toBe(longest.length);
  expect(longest.filter((file) => isApart(file))).toEqual([]);
});
