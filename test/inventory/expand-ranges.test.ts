import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandText } from '../../src/inventory/expand-ranges.ts';
import { runs } from '../runs.ts';

function texts(text: string): readonly string[] | string | null {
  const expansion = expandText(text);
  if (expansion === null) return null;
  return 'bad' in expansion ? expansion.bad.message : expansion.texts;
}

describe('expandText', () => {
  test.each([
    ['xen[1:3]', ['xen1', 'xen2', 'xen3']],
    ['xen[08:11]', ['xen08', 'xen09', 'xen10', 'xen11']],
    ['xen[9:10]', ['xen9', 'xen10']],
    ['[0:1].example.org', ['0.example.org', '1.example.org']],
    ['10.0.[1:2].[101:102]', ['10.0.1.101', '10.0.2.102']],
    ['xen[7:7]', ['xen7']],
  ])('%s is %j', (text, expanded) => {
    expect(texts(text)).toEqual(expanded);
  });

  test.each(['xen1', 'xen[ab]', 'xen[1-3]', 'xen[1:]', '[2001:db8::1]', 'xen[1:2:3]'])(
    '%s holds no range',
    (text) => {
      expect(texts(text)).toBeNull();
    },
  );

  test('any range gives its numbers in order, of one width when it is padded', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(200), fc.boolean(), (first, more, isPadded) => {
        const last = first + more;
        const width = isPadded ? String(last).length : 0;
        const pad = (number: number): string => String(number).padStart(width, '0');

        const expected = Array.from({ length: more + 1 }, (_, at) => `h${pad(first + at)}x`);

        expect(texts(`h[${pad(first)}:${pad(last)}]x`)).toEqual(expected);
      }),
      { numRuns: runs() },
    );
  });
});
