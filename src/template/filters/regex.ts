import { longestSearchSeconds, matchesIn, SlowPattern } from '../../source/matches-in-time.ts';
import { readPattern, replaced } from '../../source/python-pattern.ts';
import { quoted } from '../../source/quoted.ts';
import { bounded, boundedList } from '../arithmetic.ts';
import {
  asText,
  type FilterFunction,
  filter,
  type Given,
  type TestFunction,
  testOf,
} from '../function.ts';
import { type Plain, ValueProblem } from '../value.ts';

const LONGEST_INPUT = 1_000_000;

/** Filters of regular expressions, in Python's writing. */
export const regexFilters: Readonly<Record<string, FilterFunction>> = {
  regex_replace: filter('pattern replacement ignorecase multiline count', (text, given) => {
    const expression = expressionOf(given, 'g');
    const replacement = asText(given.value('replacement', ''));
    const most = given.integer('count', 0);
    let made = '';
    let at = 0;
    let count = 0;
    const subject = asText(text);
    for (const found of matches(subject, expression)) {
      if (most > 0 && count++ >= most) break;
      made += subject.slice(at, found.index);
      made += replaced(replacement, (group) => asText(groupOf(found, group) ?? ''));
      at = found.index + (found[0]?.length ?? 0);
      bounded(made);
    }
    return bounded(made + subject.slice(at));
  }),
  regex_search: filter('pattern ignorecase multiline ...', (text, given) => {
    const [pattern, ...groups] = given.positional;
    const [found] = matches(asText(text), compiled(asText(pattern ?? ''), flags(given), ''));
    if (found === undefined) return null;
    if (groups.length === 0) return found[0] ?? '';
    return groups.map((group) => groupOf(found, asText(group).replace(/^\\(?:g<(\w+)>)?/, '$1')));
  }),
  regex_findall: filter('pattern multiline ignorecase', (text, given) => {
    const found = [...matches(asText(text), expressionOf(given, 'g'))];
    return boundedList(
      found.map((match) => {
        const groups = match.slice(1).map((group) => group ?? '');
        return groups.length > 1 ? groups : (groups[0] ?? match[0] ?? '');
      }),
    );
  }),
  regex_escape: filter('', (text) => asText(text).replace(/[\\^$.*+?()[\]{}|#&~ -]/g, '\\$&')),
};

/** Tests of regular expressions. */
export const regexTests: Readonly<Record<string, TestFunction>> = {
  match: testOf('pattern ignorecase multiline', (text, given) => finds(text, given, '^(?:', ')')),
  search: testOf('pattern ignorecase multiline', (text, given) => finds(text, given, '', '')),
  regex: testOf('pattern ignorecase multiline', (text, given) => finds(text, given, '', '')),
};

function finds(text: Plain, given: Given, before: string, after: string): boolean {
  const { source, flags: found } = expressionOf(given, '');
  const anchored = before === '' ? source : `(?<![\\s\\S])${before.slice(1)}${source}${after}`;
  return [...matches(asText(text), new RegExp(anchored, found))].length > 0;
}

function expressionOf(given: Given, more: string): RegExp {
  return compiled(given.text('pattern'), flags(given), more);
}

function flags(given: Given): string {
  return (given.flag('ignorecase', false) ? 'i' : '') + (given.flag('multiline', false) ? 'm' : '');
}

function compiled(pattern: string, wanted: string, more: string): RegExp {
  const read = readPattern(pattern, wanted + more);
  if ('problem' in read) throw new ValueProblem(read.problem);
  return read.expression;
}

type Found = readonly (string | undefined)[] & {
  readonly index: number;
  readonly groups?: Readonly<Record<string, string | undefined>> | undefined;
};

/** What is found in a text; all of it where the expression is global. */
function matches(text: string, expression: RegExp): readonly Found[] {
  if (text.length > LONGEST_INPUT) throw new ValueProblem('the text is too long for an expression');
  try {
    return matchesIn([text], expression)[0] ?? [];
  } catch (error) {
    if (!(error instanceof SlowPattern)) throw error;
    throw new ValueProblem(
      `the expression takes longer than ${longestSearchSeconds} s`,
      'repeat nothing that is repeated, as in (a+)+',
    );
  }
}

function groupOf(found: Found, name: string): Plain {
  const isNumber = /^\d+$/.test(name);
  if (isNumber && Number(name) < found.length) return found[Number(name)] ?? null;
  if (!isNumber && found.groups !== undefined && Object.hasOwn(found.groups, name)) {
    return found.groups[name] ?? null;
  }
  throw new ValueProblem(`the expression has no group ${quoted(name)}`);
}
