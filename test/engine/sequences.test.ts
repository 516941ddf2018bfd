import { describe, expect, test } from 'vitest';
import type { HostedPlay } from '../../src/engine/legs.ts';
import { planSequences, usualOptions } from '../../src/engine/sequences.ts';
import { fleet, named, playOf } from './fleet.ts';

const six = await fleet(6, 2, 6);
const dom0s = named(six, 'dom0');
const domUs = named(six, 'domU');
const plain = named(six, 'host');

function plan(
  plays: readonly HostedPlay[],
  options: Partial<Parameters<typeof planSequences>[2]> = {},
) {
  return planSequences(plays, six, { ...usualOptions, check: false, ...options });
}

function sizes(plays: readonly HostedPlay[], options: Parameters<typeof plan>[1] = {}) {
  return plan(plays, options).all.map(({ batches }) => batches.map(({ length }) => length));
}

const percent = (most: number) => ({ percent: most });
const count = (hosts: number) => ({ hosts });

describe('planSequences', () => {
  test('network changes on more than five dom0s begin with one of them, and its guests', () => {
    const { all } = plan([
      playOf('Xen hosts', dom0s, { network: true }),
      playOf('Guests', domUs, { network: true }),
    ]);

    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ name: 'Xen hosts + Guests', limit: { kind: 'usual' } });
    expect(all[0]?.batches[0]).toEqual(['x1', 'x1-1', 'x1-2']);
    expect(all[0]?.batches[1]).toHaveLength(15);
  });

  test.each<[string, number[], HostedPlay]>([
    ['five dom0s', [5], playOf('five', dom0s.slice(0, 5), { network: true })],
    ['guests of five dom0s', [10], playOf('guests', domUs.slice(0, 10), { network: true })],
    ['what is not about the network', [18], playOf('all', [...dom0s, ...domUs])],
  ])('%s need no canary', (_, expected, play) => {
    expect(sizes([play])).toEqual([expected]);
  });

  test.each<[string, number[], HostedPlay]>([
    [
      'guests count for their dom0, and are tried dom0 by dom0',
      [2, 10],
      playOf('g', domUs, { network: true }),
    ],
    ['plain hosts count for themselves', [1, 5], playOf('p', plain, { network: true })],
  ])('%s', (_, expected, play) => {
    expect(sizes([play])).toEqual([expected]);
  });

  test('the canary is one whose network may change', () => {
    const { all } = plan([
      playOf('not', dom0s.slice(0, 1)),
      playOf('network', [...dom0s.slice(1), ...plain], { network: true }),
    ]);

    expect(all[0]?.batches[0]).toEqual(['x2']);
    expect(all[0]?.batches.flat().toSorted()).toEqual([...dom0s, ...plain].toSorted());
  });

  test('a step of ours says by itself that it is about the network', async () => {
    const { ipRules } = await import('../../src/steps/ip-rules.ts');
    const task = { name: 'rules', step: ipRules, params: {} };

    expect(sizes([{ play: { name: 'g', tasks: [task] }, hosts: new Set(domUs) }])).toEqual([
      [2, 10],
    ]);
  });

  test.each([
    [
      [count(1), percent(10), percent(100)],
      [1, 1, 10],
    ],
    [[count(5)], [5, 5, 2]],
    [[percent(30)], [3, 3, 3, 3]],
    [[percent(1)], Array(12).fill(1)],
    [[count(100)], [12]],
  ])('a play’s own sizes count its hosts: %j', (serial, expected) => {
    expect(sizes([playOf('guests', domUs, { serial })])).toEqual([expected]);
  });

  test('a play that says how is rolled out by itself', () => {
    const { all, ofPlay } = plan([
      playOf('one', dom0s, { network: true }),
      playOf('two', domUs, { serial: [count(4)], maxFailPercentage: 5 }),
      playOf('three', dom0s),
      playOf('four', domUs),
    ]);

    expect(ofPlay).toEqual([0, 1, 2, 2]);
    expect(all.map(({ batches }) => batches.length)).toEqual([2, 3, 1]);
    expect(all[1]?.limit).toEqual({ kind: 'percent', most: 5 });
  });

  test('the command line’s sizes count Xen hosts with their guests, and go before the plays’', () => {
    const plays = [
      playOf('one', dom0s, { network: true }),
      playOf('two', domUs, { serial: [count(4)], pauseSeconds: 5 }),
      playOf('three', domUs, { serial: [count(4)] }),
    ];
    const options = {
      serial: [count(1), percent(50)],
      maxFail: { kind: 'hosts', most: 0 },
    } as const;
    const { all } = plan(plays, options);

    expect(all.map(({ batches }) => batches.map(({ length }) => length))).toEqual([
      [1, 3, 2],
      [2, 6, 4],
      [2, 6, 4],
    ]);
    expect(all.every(({ limit }) => limit === options.maxFail)).toBe(true);
  });

  test('a check has one batch and no limits', () => {
    const plays = [
      playOf('one', dom0s, { network: true }),
      playOf('two', domUs, { serial: [count(4)], anyErrorsFatal: true }),
    ];

    expect(plan(plays, { check: true, serial: [count(1)] }).all).toMatchObject([
      { batches: [[...dom0s, ...domUs].toSorted(byUnit)], limit: null, pauseSeconds: 0 },
    ]);
  });

  test('a play without tasks or hosts has no batches', () => {
    const empty = { play: { name: 'empty', tasks: [] }, hosts: new Set(dom0s) };

    expect(sizes([empty])).toEqual([[]]);
    expect(sizes([playOf('nobody', [])])).toEqual([[]]);
  });
});

function byUnit(one: string, other: string): number {
  const key = (name: string): string => name.padEnd(9);
  return key(one) < key(other) ? -1 : 1;
}
