import { isMap, kindOf, type Plain, textOf, ValueProblem } from './value.ts';

const CONVERSION = /%(?:\((\w+)\))?([-+ 0#]*)(\d{0,4})(?:\.(\d{1,3}))?([%a-zA-Z])/g;

/** Python's `%`: `%s`, `%d`, `%x`, `%o`, `%f`, `%e`, with widths. Throws a ValueProblem. */
export function formatted(text: string, values: readonly Plain[]): string {
  let next = 0;
  const [first] = values;
  const result = text.replace(CONVERSION, (all, key, flags, width, digits, type) => {
    if (type === '%') return '%';
    if (key === undefined && next >= values.length) {
      throw new ValueProblem(`there is no value for ${all}`);
    }
    const value = key === undefined ? values[next++] : isMap(first) ? first[key] : undefined;
    if (value === undefined) throw new ValueProblem(`there is no value for ${all}`);
    const made = converted(value, type, digits === undefined ? null : Number(digits));
    const signed = flags.includes('+') && /^\d/.test(made) && type !== 's' ? `+${made}` : made;
    if (flags.includes('-')) return signed.padEnd(Number(width));
    if (!flags.includes('0') || type === 's') return signed.padStart(Number(width));
    const sign = /^[-+]/.exec(signed)?.[0] ?? '';
    return sign + signed.slice(sign.length).padStart(Number(width) - sign.length, '0');
  });
  if (next < values.length && next > 0)
    throw new ValueProblem('there are more values than "%" signs');
  return result;
}

function converted(value: Plain, type: string, digits: number | null): string {
  if (type === 's') return digits === null ? textOf(value) : textOf(value).slice(0, digits);
  if (typeof value !== 'number') {
    throw new ValueProblem(`%${type} takes a number, not ${kindOf(value)}`);
  }
  switch (type) {
    case 'd':
    case 'i':
      return String(Math.trunc(value));
    case 'x':
      return Math.trunc(value).toString(16);
    case 'X':
      return Math.trunc(value).toString(16).toUpperCase();
    case 'o':
      return Math.trunc(value).toString(8);
    case 'f':
      return value.toFixed(digits ?? 6);
    case 'e':
      return value.toExponential(digits ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
    default:
      throw new ValueProblem(`%${type} is not supported`);
  }
}
