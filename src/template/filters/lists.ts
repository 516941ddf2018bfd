import { bounded, boundedList, calculate } from '../arithmetic.ts';
import {
  asList,
  asText,
  attribute,
  attributeOf,
  compare,
  type FilterFunction,
  filter,
  Given,
  itemAt,
  misfit,
} from '../function.ts';
import { isEqual, isList, isMap, isTrue, type Plain, textOf, ValueProblem } from '../value.ts';

/** Filters of lists. */
export const listFilters: Readonly<Record<string, FilterFunction>> = {
  list: filter('', (value) => (typeof value === 'string' ? [...value] : asList(value))),
  join: filter('d attribute', (value, given) => {
    const path = given.find('attribute');
    const items = asList(value).map((item) => (path === undefined ? item : attribute(item, path)));
    const separator = asText(given.value('d', ''));
    return bounded(items.map((item) => (item === null ? 'None' : textOf(item))).join(separator));
  }),
  map: filter('attribute default ...', (value, given) => {
    const path = given.find('attribute');
    if (path === undefined) return asList(value).map(named(given));
    return asList(value).map((item) => {
      const found = attributeOf(item, path) ?? given.find('default');
      return found === undefined ? attribute(item, path) : found;
    });
  }),
  select: filter('...', (value, given) => asList(value).filter(tested(given, 0))),
  reject: filter('...', (value, given) => {
    const isWanted = tested(given, 0);
    return asList(value).filter((item) => !isWanted(item));
  }),
  selectattr: filter('...', (value, given) => asList(value).filter(attributeTested(given))),
  rejectattr: filter('...', (value, given) => {
    const isWanted = attributeTested(given);
    return asList(value).filter((item) => !isWanted(item));
  }),
  sort: filter('reverse case_sensitive attribute', (value, given) => {
    const paths = given.find('attribute');
    const keys = (item: Plain): Plain =>
      paths === undefined
        ? item
        : asText(paths)
            .split(',')
            .map((path) => attribute(item, path));
    const isCaseSensitive = given.flag('case_sensitive', false);
    const direction = given.flag('reverse', false) ? -1 : 1;
    return asList(value).toSorted(
      (left, right) => direction * compare(keys(left), keys(right), isCaseSensitive),
    );
  }),
  unique: filter('case_sensitive attribute', (value, given) => {
    const isCaseSensitive = given.flag('case_sensitive', false);
    const path = given.find('attribute');
    const known = new Set<string>();
    return asList(value).filter((item) => {
      const part = path === undefined ? item : attribute(item, path);
      const key = identity(
        typeof part === 'string' && !isCaseSensitive ? part.toLowerCase() : part,
      );
      if (known.has(key)) return false;
      known.add(key);
      return true;
    });
  }),
  union: filter('other', (value, given) => distinct([...asList(value), ...given.list('other')])),
  intersect: filter('other', (value, given) => {
    const other = identities(given.list('other'));
    return distinct(asList(value).filter((item) => other.has(identity(item))));
  }),
  difference: filter('other', (value, given) => {
    const other = identities(given.list('other'));
    return distinct(asList(value).filter((item) => !other.has(identity(item))));
  }),
  symmetric_difference: filter('other', (value, given) => {
    const [left, right] = [asList(value), given.list('other')];
    const [one, other] = [identities(left), identities(right)];
    const isInOne = (item: Plain): boolean => one.has(identity(item)) !== other.has(identity(item));
    return distinct([...left, ...right].filter(isInOne));
  }),
  flatten: filter('levels skip_nulls', (value, given) => {
    const levels = given.integer('levels', 100);
    const skipsNulls = given.flag('skip_nulls', true);
    return boundedList(flattened(asList(value), levels, skipsNulls));
  }),
  zip: filter('...', (value, given) => {
    const lists = [asList(value), ...given.positional.map(asList)];
    const length = Math.min(...lists.map((list) => list.length));
    return Array.from({ length }, (_, index) => lists.map((list) => list[index] ?? null));
  }),
  zip_longest: filter('fillvalue ...', (value, given) => {
    const lists = [asList(value), ...given.positional.map(asList)];
    const length = Math.max(...lists.map((list) => list.length));
    const filler = given.find('fillvalue') ?? null;
    return Array.from({ length }, (_, index) =>
      lists.map((list) => (index < list.length ? (list[index] ?? null) : filler)),
    );
  }),
  product: filter('...', (value, given) => {
    let rows: readonly (readonly Plain[])[] = [[]];
    for (const list of [asList(value), ...given.positional.map(asList)]) {
      boundedList(Array.from({ length: Math.min(rows.length * list.length, 1_000_001) }, () => 0));
      rows = rows.flatMap((row) => list.map((item) => [...row, item]));
    }
    return rows;
  }),
  sum: filter('attribute start', (value, given) => {
    const path = given.find('attribute');
    let sum = given.value('start', 0);
    for (const item of asList(value)) {
      sum = calculate('+', sum, path === undefined ? item : attribute(item, path));
    }
    return sum;
  }),
  min: filter('case_sensitive attribute', (value, given) => extreme(value, given, -1)),
  max: filter('case_sensitive attribute', (value, given) => extreme(value, given, 1)),
  first: filter('', (value) => ends(value, 0)),
  last: filter('', (value) => ends(value, -1)),
  groupby: filter('attribute default', (value, given) => {
    const path = given.value('attribute');
    const groups = new Map<string, [Plain, Plain[]]>();
    for (const item of asList(value)) {
      const key = attributeOf(item, path) ?? given.find('default') ?? attribute(item, path);
      const group = groups.get(identity(key)) ?? [key, []];
      group[1].push(item);
      groups.set(identity(key), group);
    }
    return [...groups.values()].toSorted(([left], [right]) => compare(left, right));
  }),
  extract: filter('container morekeys', (key, given) => {
    const more = given.find('morekeys');
    const keys = more === undefined ? [] : isList(more) ? more : [more];
    return [key, ...keys].reduce((part: Plain, step) => {
      const found = isList(part)
        ? itemAt(part, step)
        : isMap(part) && Object.hasOwn(part, asText(step))
          ? part[asText(step)]
          : undefined;
      if (found === undefined) throw new ValueProblem(`there is no "${asText(step)}" in it`);
      return found;
    }, given.value('container'));
  }),
};

/** `map("upper")`: the filter of that name, with the rest as its arguments. */
function named(given: Given): (item: Plain) => Plain {
  const [name, ...rest] = given.positional;
  const found = typeof name === 'string' ? given.library.filters.get(name) : undefined;
  if (found === undefined) throw new ValueProblem(`map takes no filter "${textOf(name ?? null)}"`);
  const wrong = misfit(found, rest.length, []);
  if (wrong !== null) throw new ValueProblem(`${textOf(name ?? null)}: ${wrong.message}`);
  const inner = new Given(given.library, found, rest, new Map());
  return (item) => found.apply(item, inner);
}

function tested(given: Given, from: number): (item: Plain) => boolean {
  const [name, ...rest] = given.positional.slice(from);
  if (name === undefined) return isTrue;
  const found = typeof name === 'string' ? given.library.tests.get(name) : undefined;
  if (found === undefined) throw new ValueProblem(`there is no test "${textOf(name)}"`);
  const wrong = misfit(found, rest.length, []);
  if (wrong !== null) throw new ValueProblem(`${textOf(name)}: ${wrong.message}`);
  const inner = new Given(given.library, found, rest, new Map());
  return (item) => found.apply(item, inner);
}

/** What lacks the attribute is as false, and passes `undefined`. */
function attributeTested(given: Given): (item: Plain) => boolean {
  const [path, name] = given.positional;
  if (path === undefined) throw new ValueProblem('the name of an attribute is missing');
  if (name === 'defined' || name === 'undefined') {
    return (item) => (attributeOf(item, path) !== undefined) === (name === 'defined');
  }
  const isWanted = tested(given, 1);
  return (item) => {
    const found = attributeOf(item, path);
    if (found !== undefined) return isWanted(found);
    if (name === undefined) return false;
    return isWanted(attribute(item, path));
  };
}

/** The same text for equal values, and no others. */
function identity(value: Plain): string {
  if (isList(value)) return `[${value.map(identity).join()}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const pairs = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${identity(item)}`,
  );
  return `{${pairs.toSorted().join()}}`;
}

function identities(list: readonly Plain[]): ReadonlySet<string> {
  return new Set(list.map(identity));
}

function distinct(list: readonly Plain[]): readonly Plain[] {
  const known = new Set<string>();
  return list.filter((item) => {
    const key = identity(item);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

function flattened(list: readonly Plain[], levels: number, skipsNulls: boolean): readonly Plain[] {
  return list.flatMap((item) => {
    if (item === null && skipsNulls) return [];
    return isList(item) && levels > 0 ? flattened(item, levels - 1, skipsNulls) : [item];
  });
}

function extreme(value: Plain, given: Given, direction: number): Plain {
  const path = given.find('attribute');
  const key = (item: Plain): Plain => (path === undefined ? item : attribute(item, path));
  const isCaseSensitive = given.flag('case_sensitive', false);
  const list = asList(value);
  const [first] = list;
  if (first === undefined) throw new ValueProblem('the list is empty');
  return list.reduce((best, item) =>
    direction * compare(key(item), key(best), isCaseSensitive) > 0 ? item : best,
  );
}

function ends(value: Plain, index: number): Plain {
  const found = typeof value === 'string' ? [...value].at(index) : asList(value).at(index);
  if (found === undefined) throw new ValueProblem('there is nothing in it', 'add "| default(...)"');
  return found;
}

/** Whether a container holds a value: an item, a key, or a part of a text. */
export function contains(container: Plain, value: Plain): boolean {
  if (typeof container === 'string') return container.includes(asText(value));
  if (isMap(container)) return typeof value === 'string' && Object.hasOwn(container, value);
  return asList(container).some((item) => isEqual(item, value));
}
