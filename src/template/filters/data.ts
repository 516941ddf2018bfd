import { createHash } from 'node:crypto';
import { formatDiagnostic } from '../../source/format-diagnostic.ts';
import { parseYaml } from '../../source/parse-yaml.ts';
import { quoted } from '../../source/quoted.ts';
import { toData } from '../../source/source-node.ts';
import { flowList, writeYaml, type YamlValue } from '../../source/write-yaml.ts';
import { bounded } from '../arithmetic.ts';
import { asText, type FilterFunction, filter, type Given } from '../function.ts';
import {
  isList,
  isMap,
  isTrue,
  kindOf,
  mapOf,
  type Plain,
  revealed,
  textOf,
  ValueProblem,
} from '../value.ts';

const HASHES = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'md5']);

/** Filters that turn data into texts and texts into data. */
export const dataFilters: Readonly<Record<string, FilterFunction>> = {
  int: filter('default base', (value, given) => {
    if (typeof value === 'number') return Math.trunc(value);
    if (typeof value === 'boolean') return Number(value);
    const number = integerOf(value, given.integer('base', 10));
    if (number !== null) return number;
    return given.find('default') ?? wrong(value, 'whole number');
  }),
  float: filter('default', (value, given) => {
    if (typeof value === 'number') return value;
    const text = typeof value === 'string' ? value.trim() : '';
    if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text);
    return given.find('default') ?? wrong(value, 'number');
  }),
  bool: filter('', (value) => {
    const text = typeof value === 'object' ? '' : textOf(value).toLowerCase();
    if (['yes', 'on', '1', 'true', 'y', 't'].includes(text)) return true;
    if (['no', 'off', '0', 'false', 'n', 'f'].includes(text)) return false;
    return wrong(value, 'boolean');
  }),
  abs: filter('', (value) => Math.abs(asNumber(value))),
  round: filter('precision method', (value, given) => {
    const precision = given.integer('precision', 0);
    const scale = 10 ** precision;
    const number = asNumber(value);
    const method = given.text('method', 'common');
    if (method === 'ceil') return Math.ceil(number * scale) / scale;
    if (method === 'floor') return Math.floor(number * scale) / scale;
    if (method === 'common') return rounded(number, precision);
    throw new ValueProblem('"method" takes common, ceil or floor');
  }),
  ternary: filter('true_val false_val none_val', (value, given) => {
    if (value === null && given.find('none_val') !== undefined) return given.value('none_val');
    return given.value(isTrue(value) ? 'true_val' : 'false_val');
  }),
  mandatory: filter('msg', (value) => value),
  type_debug: filter('', (value) => {
    if (isList(value)) return 'list';
    if (isMap(value)) return 'dict';
    if (value === null) return 'NoneType';
    if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
    return typeof value === 'string' ? 'str' : 'bool';
  }),
  to_json: filter('indent sort_keys', toJson),
  tojson: filter('indent', toJson),
  to_nice_json: filter('indent sort_keys', (value, given) =>
    json(value, given.integer('indent', 4), given.flag('sort_keys', true)),
  ),
  from_json: filter('', (value) => {
    try {
      return safeNumbers(JSON.parse(asText(value)));
    } catch {
      throw new ValueProblem(`${quoted(asText(value))} is not JSON`);
    }
  }),
  to_yaml: filter('', toYaml),
  to_nice_yaml: filter('', toYaml),
  from_yaml: filter('', (value) => {
    const parsed = parseYaml(asText(value), 'from_yaml');
    if (parsed.ok) return revealed(toData(parsed.value), () => undefined);
    const [first] = parsed.diagnostics;
    const why =
      first === undefined ? '' : formatDiagnostic({ ...first, excerpt: null, hint: null });
    throw new ValueProblem(`the text is not YAML: ${why}`);
  }),
  b64encode: filter('', (value) => bounded(Buffer.from(asText(value)).toString('base64'))),
  b64decode: filter('', (value) => {
    const text = asText(value).replace(/\s/g, '');
    const bytes = Buffer.from(text, 'base64');
    const decoded = bytes.toString('utf8');
    const isWhole = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
    if (!isWhole) throw new ValueProblem('the text is not base64');
    if (!Buffer.from(decoded).equals(bytes)) throw new ValueProblem('what is decoded is not UTF-8');
    return decoded;
  }),
  hash: filter('hashtype', (value, given) => hashOf(value, given.text('hashtype', 'sha1'))),
  checksum: filter('', (value) => hashOf(value, 'sha1')),
  sha1: filter('', (value) => hashOf(value, 'sha1')),
  md5: filter('', (value) => hashOf(value, 'md5')),
};

function toJson(value: Plain, given: Given): string {
  return json(value, given.integer('indent', 0), given.flag('sort_keys', false));
}

/** As Python's json.dumps: blanks after commas and colons, and nothing but ASCII. */
function json(value: Plain, indent: number, sortsKeys: boolean): string {
  const margin = Math.min(Math.max(indent, 0), 16);
  const written = (part: Plain, depth: number): string => {
    const isSequence = isList(part);
    if (!isSequence && !isMap(part)) return JSON.stringify(part);
    const keys = isSequence ? [] : Object.keys(part);
    const items = isSequence
      ? part.map((item) => written(item, depth + 1))
      : (sortsKeys ? keys.toSorted() : keys).map(
          (key) => `${JSON.stringify(key)}: ${written(part[key] ?? null, depth + 1)}`,
        );
    const [open, close] = isSequence ? ['[', ']'] : ['{', '}'];
    if (items.length === 0) return open + close;
    if (margin === 0) return `${open}${items.join(', ')}${close}`;
    const feed = `\n${' '.repeat(margin * (depth + 1))}`;
    return `${open}${feed}${items.join(`,${feed}`)}\n${' '.repeat(margin * depth)}${close}`;
  };
  const text = written(value, 0).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return bounded(text);
}

function toYaml(value: Plain): string {
  if (isMap(value) && Object.keys(value).length > 0) return bounded(writeYaml([], pairsOf(value)));
  const text = writeYaml([], [{ key: 'x', value: yamlOf(value) }]);
  if (!text.startsWith('x:\n')) return bounded(text.replace(/^x: /, ''));
  return bounded(text.slice('x:\n'.length).replace(/^ {2}/gm, ''));
}

function yamlOf(value: Plain): YamlValue {
  if (isList(value)) {
    return value.length === 0 ? flowList([]) : { items: value.map(yamlOf), isFlow: false };
  }
  return isMap(value) ? { pairs: pairsOf(value), isFlow: false } : value;
}

function pairsOf(value: { readonly [key: string]: Plain }): { key: string; value: YamlValue }[] {
  return Object.entries(value).map(([key, item]) => ({ key, value: yamlOf(item) }));
}

/** Maps without a prototype, and no number that lost digits. */
function safeNumbers(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(safeNumbers);
  if (typeof value === 'object' && value !== null) {
    return mapOf(Object.entries(value).map(([key, item]) => [key, safeNumbers(item)]));
  }
  if (typeof value === 'number') {
    const isExact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
    if (!isExact) throw new ValueProblem('a number in it cannot be held exactly');
    return value;
  }
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

function integerOf(value: Plain, base: number): number | null {
  const text = typeof value === 'string' ? value.trim().replace(/^\+/, '') : '';
  const digits = base === 16 ? text.replace(/^(-?)0x/i, '$1') : text;
  const isNumber =
    base === 16
      ? /^-?[\da-f]+$/i
      : base === 8
        ? /^-?[0-7]+$/
        : base === 2
          ? /^-?[01]+$/
          : /^-?\d+(?:\.\d+)?$/;
  const number = isNumber.test(digits)
    ? base === 10
      ? Math.trunc(Number(digits))
      : Number.parseInt(digits, base)
    : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

function hashOf(value: Plain, name: string): string {
  if (!HASHES.has(name))
    throw new ValueProblem(`"hashtype" takes one of ${[...HASHES].join(', ')}`);
  return createHash(name).update(asText(value)).digest('hex');
}

function asNumber(value: Plain): number {
  return typeof value === 'number' ? value : wrong(value, 'number');
}

const MOST_DIGITS = 100;

/** As Python rounds: what is exactly in the middle goes to the even digit. */
function rounded(value: number, precision: number): number {
  if (precision < 0) return rounded(value * 10 ** precision, 0) / 10 ** precision;
  if (precision > MOST_DIGITS - 1) return value;
  const [whole = '', fraction = ''] = Math.abs(value).toFixed(MOST_DIGITS).split('.');
  const digits = whole + fraction.slice(0, precision);
  const isMiddle = /^50*$/.test(fraction.slice(precision));
  const isEven = Number(digits.at(-1)) % 2 === 0;
  if (!isMiddle || !isEven) return Number(value.toFixed(precision));
  return (
    Math.sign(value) * Number(precision === 0 ? whole : `${whole}.${fraction.slice(0, precision)}`)
  );
}

function wrong(value: Plain, wanted: string): never {
  const shown = typeof value === 'string' ? quoted(value) : kindOf(value);
  throw new ValueProblem(`${shown} is no ${wanted}`);
}
