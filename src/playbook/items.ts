import type { Data } from '../source/data.ts';
import type { Loop } from './keywords.ts';
import type { Scope } from './scope.ts';

const longestName = 80;

/** The names that one item of a loop is done with. */
export function scopeOfItem(
  { variable, indexVariable }: Loop,
  scope: Scope,
  item: Data,
  index: number,
  length: number,
): Scope {
  const place: Readonly<Record<string, Data>> = {
    index: index + 1,
    index0: index,
    first: index === 0,
    last: index + 1 === length,
    length,
  };
  const own = new Map<string, Data>([
    ['ansible_loop', place],
    [variable, item],
    ...(indexVariable === null ? [] : [[indexVariable, index] as const]),
  ]);
  return scope.with({ names: () => own.keys(), get: (name) => own.get(name) });
}

/** How an item is called when it is spoken of. */
export function nameOfItem({ label }: Loop, scope: Scope, item: Data): string {
  const found = label === null ? null : scope.render(label);
  const shown = found?.type === 'value' ? found.value : item;
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  return text.length > longestName ? `${text.slice(0, longestName)}…` : text;
}
