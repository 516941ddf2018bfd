import { describe, expect, test } from 'vitest';
import { bindTask } from '../../src/engine/bind-task.ts';
import { WatchedKnowledge } from '../../src/engine/watched-knowledge.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { noKeywords } from '../../src/playbook/keywords.ts';
import { type Knowledge, nothingTold, type Told, untold } from '../../src/playbook/knowledge.ts';
import { debug } from '../../src/steps/debug.ts';
import { readExpression } from '../../src/template/template.ts';
import { fileOf } from '../template/scope.ts';

const knowing = (variables: Readonly<Record<string, Told>>): Knowledge => ({
  ...nothingTold,
  variables: new Map(Object.entries(variables)),
});

describe('WatchedKnowledge', () => {
  test('is like what has the same where it was used', () => {
    const watched = new WatchedKnowledge(knowing({ a: 1, b: 1 }));
    expect(watched.view.variables.get('a')).toBe(1);
    expect(watched.view.variables.has('c')).toBe(false);

    expect(watched.isLike(knowing({ a: 1, b: 2, d: 3 }))).toBe(true);
    expect(watched.isLike(knowing({ a: 2, b: 1 }))).toBe(false);
    expect(watched.isLike(knowing({ a: untold }))).toBe(false);
    expect(watched.isLike(knowing({ a: 1, c: 1 }))).toBe(false);
  });

  test('has all that is known', () => {
    const known: Required<Omit<Knowledge, 'begun'>> = {
      ...nothingTold,
      rescued: { task: 'a', result: 1 },
      others: { of: () => nothingTold, pending: new Set() },
    };
    const watched = new WatchedKnowledge(known);

    expect(new Set(Object.keys(watched.view))).toEqual(new Set(Object.keys(known)));
    expect({ ...watched.view, variables: known.variables }).toEqual(known);
    const { rescued: _, ...before } = known;
    expect(new WatchedKnowledge(known).isLike(before)).toBe(false);
  });

  test('is like another with other facts until these are used', () => {
    const watched = new WatchedKnowledge(nothingTold);
    const other = { ...nothingTold, facts: { kernel: '6' } };
    expect(watched.isLike(other)).toBe(true);

    expect(watched.view.facts).toBe(null);

    expect(watched.isLike(other)).toBe(false);
  });

  test.each<[string, (view: Knowledge) => unknown]>([
    ['the names of all variables', ({ variables }) => [...variables.keys()]],
    ['all variables', ({ variables }) => [...variables]],
    ['how many there are', ({ variables }) => variables.size],
    ['other hosts', ({ others }) => others],
    ['whether a task has failed', ({ hasFailed }) => hasFailed],
  ])('is like itself alone where what was used is %s', (_, use) => {
    const others = { of: () => undefined, pending: new Set<string>() };
    const known = { ...knowing({ a: 1 }), others };
    const watched = new WatchedKnowledge(known);
    expect(watched.isLike({ ...known })).toBe(true);

    use(watched.view);

    expect(watched.isLike({ ...known })).toBe(false);
    expect(watched.isLike(known)).toBe(true);
  });
});

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });
const host = inventory.hosts.get('here');
if (host === undefined) throw new Error('no host');
const target = { host, inventory };
const text = 'x == 1';
const condition = readExpression(text, fileOf(text));
if (!condition.ok) throw new Error('no condition');
const when = [condition.value];

describe('bindTask', () => {
  test('makes of a task the same until what it uses is another', () => {
    const keywords = { ...noKeywords, when };
    const prepare = bindTask({ name: 'a', step: debug, params: { msg: 'm' }, keywords }, target);

    const first = prepare(knowing({ x: 1 }));

    expect(first.type).toBe('ready');
    expect(prepare(knowing({ x: 1, y: 1 }))).toBe(first);
    expect(prepare(knowing({ x: 2 }))).toMatchObject({ type: 'skipped' });
    expect(prepare(knowing({ x: untold }))).toMatchObject({ type: 'waits', name: 'x' });
    expect(prepare(knowing({ x: 1 }))).toMatchObject({ type: 'ready' });
  });

  test('judges what has become of a task by what is known then', () => {
    const keywords = { ...noKeywords, changedWhen: when };
    const prepare = bindTask({ name: 'a', step: debug, params: { msg: 'm' }, keywords }, target);
    const statusIn = (known: Knowledge) => {
      const prepared = prepare(known);
      if (prepared.type !== 'ready') throw new Error(prepared.type);
      return prepared.judge([{ isChanged: false, failure: null, data: {} }]).status;
    };

    expect(statusIn(knowing({ x: 1 }))).toBe('changed');
    expect(statusIn(knowing({ x: 2 }))).toBe('ok');
  });
});
