import { describe, expect, test } from 'vitest';
import { WindowTurns } from '../../src/engine/window-turns.ts';
import { fleet } from './fleet.ts';

const { hosts } = await fleet(2, 3, 1);

function host(name: string) {
  const found = hosts.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** Asks for a turn; tells whether it has come once all that can happen has. */
function ask(turns: WindowTurns, name: string, most = 1) {
  const turn = { hasCome: false, end: () => {} };
  void turns.enter(host(name), most).then((end) => Object.assign(turn, { hasCome: true, end }));
  return turn;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('WindowTurns', () => {
  test('guests of one dom0 come one after the other, in order', async () => {
    const turns = new WindowTurns();
    const asked = ['x1-1', 'x1-2', 'x1-3'].map((name) => ask(turns, name));

    const came: boolean[][] = [];
    for (const turn of asked) {
      await settled();
      came.push(asked.map(({ hasCome }) => hasCome));
      turn.end();
      turn.end(); // a turn ends once
    }

    expect(came).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  test('as many as the play says', async () => {
    const turns = new WindowTurns();
    const asked = ['x1-1', 'x1-2', 'x1-3'].map((name) => ask(turns, name, 2));
    await settled();

    expect(asked.map(({ hasCome }) => hasCome)).toEqual([true, true, false]);
  });

  test('nobody else waits', async () => {
    const turns = new WindowTurns();
    const asked = ['x1-1', 'x2-1', 'x1', 'x2', 'p1'].map((name) => ask(turns, name));
    await settled();

    expect(asked.every(({ hasCome }) => hasCome)).toBe(true);
  });
});
