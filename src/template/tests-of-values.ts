import { contains } from './filters/lists.ts';
import { regexTests } from './filters/regex.ts';
import { asList, asText, compare, type TestFunction, testOf } from './function.ts';
import { isEqual, isList, isMap, isTrue, kindOf, type Plain, ValueProblem } from './value.ts';

const equal = testOf('other', (value, given) => isEqual(value, given.value('other')));
const unequal = testOf('other', (value, given) => !isEqual(value, given.value('other')));
const below = testOf('other', (value, given) => compare(value, given.value('other'), true) < 0);
const above = testOf('other', (value, given) => compare(value, given.value('other'), true) > 0);
const atMost = testOf('other', (value, given) => compare(value, given.value('other'), true) <= 0);
const atLeast = testOf('other', (value, given) => compare(value, given.value('other'), true) >= 0);
const subset = testOf('other', (value, given) => {
  const other = given.list('other');
  return asList(value).every((item) => contains(other, item));
});
const superset = testOf('other', (value, given) => {
  const list = asList(value);
  return given.list('other').every((item) => contains(list, item));
});

/** Jinja's tests, and those of Ansible about lists, versions and the results of tasks. */
export const tests: ReadonlyMap<string, TestFunction> = new Map(
  Object.entries({
    ...regexTests,
    ...{ eq: equal, equalto: equal, '==': equal, sameas: equal, ne: unequal, '!=': unequal },
    ...{ lt: below, lessthan: below, '<': below, gt: above, greaterthan: above, '>': above },
    ...{ le: atMost, '<=': atMost, ge: atLeast, '>=': atLeast },
    in: testOf('container', (value, given) => contains(given.value('container'), value)),
    contains: testOf('item', (value, given) => contains(value, given.value('item'))),
    ...{ subset, issubset: subset, superset, issuperset: superset },
    none: testOf('', (value) => value === null),
    boolean: testOf('', (value) => typeof value === 'boolean'),
    true: testOf('', (value) => value === true),
    false: testOf('', (value) => value === false),
    number: testOf('', (value) => typeof value === 'number'),
    integer: testOf('', (value) => Number.isInteger(value)),
    float: testOf('', (value) => typeof value === 'number' && !Number.isInteger(value)),
    string: testOf('', (value) => typeof value === 'string'),
    mapping: testOf('', isMap),
    sequence: testOf('', (value) => typeof value === 'string' || isList(value) || isMap(value)),
    iterable: testOf('', (value) => typeof value === 'string' || isList(value) || isMap(value)),
    odd: testOf('', (value) => Math.abs(whole(value) % 2) === 1),
    even: testOf('', (value) => whole(value) % 2 === 0),
    divisibleby: testOf('num', (value, given) => whole(value) % given.integer('num') === 0),
    lower: testOf('', (value) => isIn(asText(value), (text) => text.toLowerCase())),
    upper: testOf('', (value) => isIn(asText(value), (text) => text.toUpperCase())),
    truthy: testOf('', isTrue),
    falsy: testOf('', (value) => !isTrue(value)),
    any: testOf('', (value) => asList(value).some(isTrue)),
    all: testOf('', (value) => asList(value).every(isTrue)),
    version: testOf('version operator', (value, given) => {
      const order = versionOrder(asText(value), asText(given.value('version')));
      return fits(order, given.text('operator', '=='));
    }),
    ...{ failed: result('failed', false), changed: result('changed', false) },
    ...{ skipped: result('skipped', false) },
    ...{ succeeded: result('failed', true), success: result('failed', true) },
  }),
);

function whole(value: Plain): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new ValueProblem(`a whole number is wanted, not ${kindOf(value)}`);
}

function isIn(text: string, change: (text: string) => string): boolean {
  return text === change(text) && text.toLowerCase() !== text.toUpperCase();
}

/** What a registered result says of itself. */
function result(key: string, isOpposite: boolean): TestFunction {
  return testOf('', (value) => {
    if (!isMap(value))
      throw new ValueProblem(`the result of a task is wanted, not ${kindOf(value)}`);
    return isTrue(value[key] ?? false) !== isOpposite;
  });
}

/** Numbers by their value, other parts as texts, as Python's LooseVersion does. */
function versionOrder(left: string, right: string): number {
  const [one, other] = [partsOf(left), partsOf(right)];
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (typeof part === typeof against) {
      const order = compare(part, against, true);
      if (order !== 0) return order;
    } else return typeof part === 'number' ? 1 : -1;
  }
  return one.length - other.length;
}

function partsOf(version: string): readonly (string | number)[] {
  const parts = version.match(/\d+|[a-z]+/gi) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? Number(part) : part));
}

function fits(order: number, operator: string): boolean {
  const known = new Map([
    ...(['==', '=', 'eq'] as const).map((name) => [name, order === 0] as const),
    ...(['!=', '<>', 'ne'] as const).map((name) => [name, order !== 0] as const),
    ...(['<', 'lt'] as const).map((name) => [name, order < 0] as const),
    ...(['<=', 'le'] as const).map((name) => [name, order <= 0] as const),
    ...(['>', 'gt'] as const).map((name) => [name, order > 0] as const),
    ...(['>=', 'ge'] as const).map((name) => [name, order >= 0] as const),
  ] as readonly (readonly [string, boolean])[]);
  const answer = known.get(operator);
  if (answer === undefined) throw new ValueProblem('"operator" takes ==, !=, <, <=, > or >=');
  return answer;
}
