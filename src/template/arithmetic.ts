import { formatted } from './format-text.ts';
import type { Arithmetic } from './syntax.ts';
import { isList, isMap, kindOf, type Plain, textOf, ValueProblem } from './value.ts';

/** How long a text may get that a template makes. */
export const longestText = 10 * 1024 * 1024;
const longestList = 1_000_000;

/** What an operator makes of two values; numbers are exact or refused. Throws a ValueProblem. */
export function calculate(operator: Arithmetic, left: Plain, right: Plain): Plain {
  if (operator === '~') return bounded(textOf(left) + textOf(right));
  if (typeof left === 'number' && typeof right === 'number') {
    return exact(ofNumbers(operator, left, right), operator);
  }
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return bounded(left + right);
    if (isList(left) && isList(right)) return boundedList([left, right].flat());
  }
  if (operator === '*') {
    if (typeof right === 'number') return repeated(left, right);
    if (typeof left === 'number') return repeated(right, left);
  }
  if (operator === '%' && typeof left === 'string')
    return formatted(left, isList(right) ? right : [right]);
  const hint =
    operator === '+' && (typeof left === 'string' || typeof right === 'string')
      ? 'write "~" to join texts, or "| int" to calculate'
      : operator === '+' && isMap(left) && isMap(right)
        ? 'use "| combine(...)" to join maps'
        : null;
  throw new ValueProblem(`"${operator}" takes no ${words(left)} and ${words(right)}`, hint);
}

function words(value: Plain): string {
  return kindOf(value).replace(/^a /, '');
}

function ofNumbers(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '**':
      return left ** right;
    default: {
      if (right === 0) throw new ValueProblem('this divides by zero');
      if (operator === '/') return left / right;
      if (operator === '//') return Math.floor(left / right);
      return left - right * Math.floor(left / right); // Python's: the sign is the divisor's
    }
  }
}

function exact(value: number, operator: Arithmetic): number {
  const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!isExact) throw new ValueProblem(`the result of "${operator}" cannot be held exactly`);
  return value === 0 ? 0 : value;
}

function repeated(value: Plain, times: number): Plain {
  const count = Math.max(0, times);
  if (typeof value === 'string' && Number.isInteger(times)) {
    if (value.length * count > longestText) throw new ValueProblem('the text gets too long');
    return value.repeat(count);
  }
  if (isList(value) && Number.isInteger(times)) {
    if (value.length * count > longestList) throw new ValueProblem('the list gets too long');
    return Array.from({ length: count }, () => value).flat();
  }
  throw new ValueProblem(`"*" takes no ${words(value)} and ${times}`);
}

/** The text, unless it is too long. */
export function bounded(text: string): string {
  if (text.length > longestText) throw new ValueProblem('the text gets longer than 10 MB');
  return text;
}

/** The list, unless it is too long. */
export function boundedList(list: readonly Plain[]): readonly Plain[] {
  if (list.length > longestList) throw new ValueProblem('the list gets too long');
  return list;
}
