import type { Data } from '../source/data.ts';
import { asMap } from './judge.ts';
import type { Loop } from './keywords.ts';
import type { Scope } from './scope.ts';

const longestName = 80;

/** The names that one item of a loop is done with. */
export function scopeOfItem(
  { variable, indexVariable }: Loop,
  scope: Scope,
  items: readonly Data[],
  index: number,
): Scope {
  const own = new Map<string, Data>([
    ['ansible_loop', placeAmong(items, index)],
    [variable, items[index] ?? null],
    ...(indexVariable === null ? [] : [[indexVariable, index] as const]),
  ]);
  return scope.with({ names: () => own.keys(), get: (name) => own.get(name) });
}

/** Where an item is, under Ansible's names (`loop_control.extended`). */
export function placeAmong(items: readonly Data[], index: number): Data {
  const { length } = items;
  const [before, after] = [items[index - 1], items[index + 1]];
  return asMap({
    allitems: items,
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index + 1 === length,
    length,
    ...(before === undefined ? {} : { previtem: before }),
    ...(after === undefined ? {} : { nextitem: after }),
  });
}

/** How an item is called when it is spoken of. */
export function nameOfItem({ label }: Loop, scope: Scope, item: Data): string {
  const found = label === null ? null : scope.render(label);
  const shown = found?.type === 'value' ? found.value : item;
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  return text.length > longestName ? `${text.slice(0, longestName)}…` : text;
}
