import { describe, expect, test } from 'vitest';
import { linkWay } from '../../src/steps/link-way.ts';

describe('linkWay', () => {
  test.each([
    ['/a/b/link', 'x', '/a/b/x', []],
    ['/a/b/link', '../x', '/a/x', ['/a/b']],
    ['/a/b/link', '../../x/y', '/x/y', ['/a/b', '/a']],
    ['/a/b/link', 'c/../x', '/a/b/x', ['/a/b/c']],
    ['/a/b/link', '/c/../x', '/x', ['/c']],
    ['/a/b/link', './/x/', '/a/b/x', []],
    ['/link', '../../x', '/x', []],
    ['/a/link', '..', '/', ['/a']],
  ])('of %s that says %s', (path, target, leadsTo, turns) => {
    expect(linkWay(path, target)).toEqual({ path: leadsTo, turns });
  });
});
