import { boundedList } from '../arithmetic.ts';
import { asList, asText, attribute, compare, type FilterFunction, filter } from '../function.ts';
import { isList, isMap, kindOf, mapOf, type Plain, type PlainMap, ValueProblem } from '../value.ts';

/** Filters of maps. */
export const mapFilters: Readonly<Record<string, FilterFunction>> = {
  combine: filter('recursive list_merge ...', (value, given) => {
    const isRecursive = given.flag('recursive', false);
    const merge = listMerge(given.text('list_merge', 'replace'));
    const maps = [value, ...given.positional].flatMap((part) => (isList(part) ? part : [part]));
    const [first = mapOf([]), ...others] = maps.map(asMap);
    return others.reduce((left, right) => combined(left, right, isRecursive, merge), first);
  }),
  dict2items: filter('key_name value_name', (value, given) => {
    const [keyName, valueName] = [given.text('key_name', 'key'), given.text('value_name', 'value')];
    return Object.entries(asMap(value)).map(([key, item]) =>
      mapOf([
        [keyName, key],
        [valueName, item],
      ]),
    );
  }),
  items2dict: filter('key_name value_name', (value, given) => {
    const [keyName, valueName] = [given.text('key_name', 'key'), given.text('value_name', 'value')];
    return mapOf(
      asList(value).map((item) => [asText(attribute(item, keyName)), attribute(item, valueName)]),
    );
  }),
  items: filter('', (value) => Object.entries(asMap(value))),
  dictsort: filter('case_sensitive by reverse', (value, given) => {
    const at = given.text('by', 'key') === 'value' ? 1 : 0;
    const direction = given.flag('reverse', false) ? -1 : 1;
    const isCaseSensitive = given.flag('case_sensitive', false);
    return Object.entries(asMap(value)).toSorted(
      (left, right) => direction * compare(left[at] ?? null, right[at] ?? null, isCaseSensitive),
    );
  }),
  subelements: filter('key skip_missing', (value, given) => {
    const key = given.value('key');
    return boundedList(
      asList(isMap(value) ? Object.values(value) : value).flatMap((item) => {
        const isMissing = isMap(item) && !Object.hasOwn(item, asText(key));
        if (isMissing && given.flag('skip_missing', false)) return [];
        return asList(attribute(item, key)).map((inner) => [item, inner]);
      }),
    );
  }),
};

/** What Python's maps can do. */
export const mapMethods: Readonly<Record<string, FilterFunction>> = {
  items: filter('', (value) => Object.entries(asMap(value))),
  keys: filter('', (value) => Object.keys(asMap(value))),
  values: filter('', (value) => Object.values(asMap(value))),
  get: filter('key default', (value, given) => {
    const key = asText(given.value('key'));
    const map = asMap(value);
    return Object.hasOwn(map, key) ? (map[key] ?? null) : (given.find('default') ?? null);
  }),
};

type ListMerge = (left: readonly Plain[], right: readonly Plain[]) => readonly Plain[];

function listMerge(name: string): ListMerge {
  if (name === 'replace') return (_left, right) => right;
  if (name === 'keep') return (left) => left;
  if (name === 'append') return (left, right) => boundedList([...left, ...right]);
  if (name === 'prepend') return (left, right) => boundedList([...right, ...left]);
  throw new ValueProblem('"list_merge" takes replace, keep, append or prepend');
}

function combined(
  left: PlainMap,
  right: PlainMap,
  isRecursive: boolean,
  merge: ListMerge,
): PlainMap {
  const whole = new Map(Object.entries(left));
  for (const [key, item] of Object.entries(right)) {
    const former = whole.get(key);
    if (isRecursive && former !== undefined && isMap(former) && isMap(item)) {
      whole.set(key, combined(former, item, isRecursive, merge));
    } else if (former !== undefined && isList(former) && isList(item)) {
      whole.set(key, merge(former, item));
    } else whole.set(key, item);
  }
  return mapOf(whole);
}

function asMap(value: Plain): PlainMap {
  if (isMap(value)) return value;
  throw new ValueProblem(`a map is wanted, not ${kindOf(value)}`);
}
