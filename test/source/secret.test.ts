import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret, secretsIn } from '../../src/source/secret.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { runs } from '../runs.ts';

const place = { source: new SourceText('f', ''), start: 0, end: 0 };
const canary = 'canary-5e1d';

function secret(value = canary): Secret {
  const made = new Secret({ kind: 'file', name: 'db' }, place);
  made.settle(value);
  return made;
}

describe('Secret', () => {
  test('gives its value to reveal and to nothing else', () => {
    const one = secret();
    const shown = [
      String(one),
      `${one}`,
      `${[one]}`,
      JSON.stringify({ one, all: [one] }),
      inspect(one, { depth: null, showHidden: true, getters: true }),
      inspect({ one }, { customInspect: false, showHidden: true, getters: true }),
      JSON.stringify(Object.entries(one)),
      JSON.stringify(structuredClone({ ...one })),
      String(new Error(`wrong: ${one}`).stack),
    ];

    expect(one.reveal()).toBe(canary);
    for (const text of shown) expect(text).not.toContain(canary);
    expect(`${one} ${JSON.stringify([one])} ${inspect([one])}`).toBe('*** ["***"] [ *** ]');
  });

  test('has no value before it is fetched', () => {
    const one = new Secret({ kind: 'environment', name: 'DB' }, place);

    expect(one.isSettled).toBe(false);
    expect(() => one.reveal()).toThrow('nobody has fetched');
  });

  test('equals one of the same value', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        expect(secret(left).equals(secret(right))).toBe(left === right);
        expect(secret(left).equals(secret(left))).toBe(true);
      }),
      { numRuns: runs() },
    );
  });
});

describe('secretsIn', () => {
  test('finds each once, in lists, maps and circles', () => {
    const [one, other] = [secret(), secret()];
    const circle = { a: [one, null, 0, undefined, { b: other }], one };
    Object.assign(circle, { itself: circle });

    expect(new Set(secretsIn([circle, new Map([['x', one]])]))).toEqual(new Set([one, other]));
    expect(secretsIn(circle)).toHaveLength(2);
    expect(secretsIn([undefined, one])).toEqual([one]);
    expect(secretsIn(null)).toEqual([]);
  });
});
