import { describe, expect, test } from 'vitest';
import { chooseRun } from '../../src/cli/chosen-run.ts';
import type { KeptRun } from '../../src/engine/last-run.ts';

const idOf = (day: number) => `202611${day}T120000Z-00000${day % 10}`;
const runOf = (id: string): KeptRun => ({ id, by: 'ops', since: 'then', parts: [] });
const [old, last, later] = [idOf(20), idOf(21), idOf(22)];
const nowMs = Date.parse('2026-11-22T13:00:00Z');
const toCome = '20991231T235959Z-ffffff';

function choose(hosts: Record<string, readonly string[]>, recorded: string[] = [], run?: string) {
  const kept = new Map(Object.entries(hosts).map(([name, ids]) => [name, ids.map(runOf)]));
  const known = { recorded: new Set(recorded), nowMs };
  const { id, undone, notes } = chooseRun(kept, run, known);
  return { id, hosts: undone.map(([name]) => name), notes };
}

describe('chooseRun', () => {
  test('is the last run, and names hosts that it did not change', () => {
    expect(choose({ a: [last, old], b: [last], c: [old], d: [] })).toEqual({
      ...{ id: last, hosts: ['a', 'b'] },
      notes: [
        `Undoing run ${last} of ops, begun then`,
        'Left alone, as that run did not change them: c',
      ],
    });
  });

  test('a run that lies in the future is left alone by name, unless it is named or on record', () => {
    const hosts = { a: [toCome, last], b: [last] };

    expect(choose(hosts)).toMatchObject({ id: last, hosts: ['a', 'b'] });
    expect(choose(hosts).notes.at(-1)).toBe(
      `Left alone: run ${toCome}, which a remembers, lies in the future (--run ${toCome} undoes it)`,
    );
    expect(choose(hosts, [toCome])).toMatchObject({ id: toCome, hosts: ['a'] });
    expect(choose(hosts, [], toCome)).toMatchObject({ id: toCome, hosts: ['a'] });
    expect(choose({ a: ['99999999T999999Z-ffffff'] })).toMatchObject({ id: null, hosts: [] });
  });

  test('what one host alone tells of is not taken for the last run of all', () => {
    const hosts = { a: [later, last], b: [last] };

    expect(() => choose(hosts)).toThrow(`of run ${later} only a knows`);
    expect(choose(hosts, [later])).toMatchObject({ id: later, hosts: ['a'] });
    expect(choose(hosts, [], last)).toMatchObject({ id: last, hosts: ['a', 'b'] });
  });

  test('where nobody else knows of any run, the last is what the hosts say', () => {
    expect(choose({ a: [last, old] })).toMatchObject({ id: last, hosts: ['a'] });
    expect(choose({ a: [old], b: [last] })).toMatchObject({ id: last, hosts: ['b'] });
    expect(choose({ a: [later, last], b: [] }, [last])).toMatchObject({ id: later });
  });

  test('says that nothing is left to undo', () => {
    expect(choose({ a: [] }).notes).toEqual(['Nothing to undo: no host remembers a run']);
    expect(choose({ a: [last] }, [], old).notes).toEqual([
      `Nothing to undo: no host remembers run ${old}`,
    ]);
  });
});
