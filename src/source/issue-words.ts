import type * as v from 'valibot';
import type { Complaint } from './complaint.ts';
import { didYouMean } from './did-you-mean.ts';
import { listed, quoted } from './quoted.ts';
import { type SourceNode, writtenText } from './source-node.ts';

const MAP_TYPES = new Set([
  'object',
  'strict_object',
  'loose_object',
  'object_with_rest',
  'record',
]);
const LIST_TYPES = new Set(['array', 'tuple', 'strict_tuple', 'loose_tuple', 'tuple_with_rest']);
const BOOLEANS_OF_YAML_1_1 = new Map([
  ['yes', true],
  ['on', true],
  ['y', true],
  ['no', false],
  ['off', false],
  ['n', false],
]);

/** The message and the hint of a schema's own message. */
export function splitMessage(text: string): Complaint {
  const at = text.indexOf('\n');
  return at === -1
    ? { message: text, hint: null }
    : { message: text.slice(0, at), hint: text.slice(at + 1) };
}

/** Says what is wrong with a value, in the user's words, where the schema has none of its own. */
export function inWords(
  issue: v.BaseIssue<unknown>,
  name: string,
  node: SourceNode | undefined,
): Complaint {
  if (issue.type === 'never') return { message: `${name} is not allowed here`, hint: null };
  if (issue.kind !== 'schema') return { message: brokenRule(issue, name, node), hint: null };
  const wanted = wantedTypes(issue);
  const words = listed(wanted);
  if (node?.kind === 'scalar') {
    if (node.value === null)
      return { message: `${name} has no value`, hint: `give it ${words}, or leave the key out` };
    const slip = scalarSlip(node.value, writtenText(node), wanted, name);
    if (slip !== null) return slip;
  }
  const message = `${name} must be ${words}, not ${described(node)}`;
  const isWord = node?.kind === 'scalar' && typeof node.value === 'string';
  return { message, hint: isWord ? didYouMean(String(node.value), choices(issue)) : null };
}

/** The mistakes that YAML 1.2 invites: text read as a number or boolean, and the other way round. */
function scalarSlip(
  value: string | number | boolean,
  written: string,
  wanted: readonly string[],
  name: string,
): Complaint | null {
  if (typeof value !== 'string' && wanted.includes('text')) {
    const type = typeof value === 'number' ? 'number' : 'boolean';
    const reading = written === String(value) ? `a ${type}` : `read as the ${type} ${value}`;
    return {
      message: `${name} must be ${listed(wanted)}, but ${written} is ${reading}`,
      hint: `quote it: "${written}"`,
    };
  }
  if (typeof value !== 'string') return null;
  const boolean = BOOLEANS_OF_YAML_1_1.get(value.toLowerCase());
  if (boolean !== undefined && wanted.includes('true or false')) {
    return {
      message: `${name} must be true or false, but ${written} is text`,
      hint: `write ${boolean}`,
    };
  }
  const isNumeric = /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value);
  if (isNumeric && wanted.includes('a number')) {
    const message = `${name} must be ${listed(wanted)}, but ${written} is text`;
    return { message, hint: `write it without quotes: ${value}` };
  }
  return null;
}

function brokenRule(
  { type, requirement }: v.BaseIssue<unknown>,
  name: string,
  node: SourceNode | undefined,
): string {
  const value = described(node);
  const limit = String(requirement);
  if (type === 'integer') return `${name} must be a whole number, not ${value}`;
  if (type === 'min_value') return `${name} must be at least ${limit}, not ${value}`;
  if (type === 'max_value') return `${name} must be at most ${limit}, not ${value}`;
  if (type === 'non_empty') return `${name} must not be empty`;
  const unit = node?.kind === 'list' ? 'items' : 'characters';
  if (type === 'min_length') return `${name} must have at least ${limit} ${unit}`;
  if (type === 'max_length') return `${name} must have at most ${limit} ${unit}`;
  return `${name} cannot be ${value}`;
}

function wantedTypes(issue: v.BaseIssue<unknown>): string[] {
  const options = issue.issues ?? [];
  if (options.length > 0) return [...new Set(options.flatMap(wantedTypes))];
  if (issue.type === 'string') return ['text'];
  if (issue.type === 'number') return ['a number'];
  if (issue.type === 'boolean') return ['true or false'];
  if (MAP_TYPES.has(issue.type)) return ['a map'];
  if (LIST_TYPES.has(issue.type)) return ['a list'];
  return choices(issue);
}

/** The words a value may be: the library gives `("tcp" | "udp")` for a list and `"tcp"` for one. */
function choices(issue: v.BaseIssue<unknown>): string[] {
  const options = issue.issues ?? [];
  if (options.length > 0) return options.flatMap(choices);
  const expected = issue.expected ?? '';
  const words = /^\((.*)\)$/s.exec(expected)?.[1]?.split(' | ') ?? [expected];
  return words.map((word) => word.replace(/^"(.*)"$/s, '$1'));
}

function described(node: SourceNode | undefined): string {
  if (node === undefined) return 'nothing';
  if (node.kind === 'secret') return 'a secret';
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map';
  if (typeof node.value === 'string') return quoted(node.value);
  const written = writtenText(node) || 'nothing';
  const isOther = typeof node.value === 'number' && written !== String(node.value);
  return isOther ? `${written}, which is read as ${node.value}` : written;
}
