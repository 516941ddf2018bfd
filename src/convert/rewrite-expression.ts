import { SyntaxProblem } from '../template/syntax.ts';
import { type Token, tokensAt } from '../template/tokens.ts';
import { type KnownFact, knownName, specialNames } from './known-facts.ts';

/** A text in xpush's words, and what is left for people. */
export interface Rewritten {
  readonly text: string;
  readonly remarks: readonly string[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text that may hold templates. */
export function rewriteTemplate(text: string): Rewritten {
  const found: Found = { edits: [], remarks: [] };
  const mark = /\{[{%#]/g;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const start = match.index;
    const end = endOfMark(text, start, found);
    if (end === null) break;
    mark.lastIndex = end;
  }
  return applied(text, found);
}

/** An expression without braces. */
export function rewriteExpression(text: string): Rewritten {
  const found: Found = { edits: [], remarks: [] };
  const tokens = tokensOf(text, 0, null);
  if (tokens !== null) walk(text, tokens, found);
  return applied(text, found);
}

interface Found {
  readonly edits: Edit[];
  readonly remarks: string[];
}

/** Where reading goes on behind a mark; null: nothing more can be read. */
function endOfMark(text: string, start: number, found: Found): number | null {
  const mark = text.slice(start, start + 2);
  if (mark === '{#') {
    const end = text.indexOf('#}', start);
    return end < 0 ? null : end + 2;
  }
  const raw = /^\{%[-+]?\s*raw\s*[-+]?%\}[\s\S]*?\{%[-+]?\s*endraw\s*[-+]?%\}/.exec(
    text.slice(start),
  );
  if (raw !== null) return start + raw[0].length;
  const from = start + 2 + (/[-+]/.test(text.charAt(start + 2)) ? 1 : 0);
  const tokens = tokensOf(text, from, mark === '{{' ? /-?\}\}/y : /[-+]?%\}/y);
  if (tokens === null) return null;
  walk(text, tokens, found);
  const last = tokens.at(-1);
  return last === undefined ? null : last.end + last.text.length;
}

function tokensOf(text: string, from: number, closing: RegExp | null): readonly Token[] | null {
  try {
    return tokensAt(text, from, closing);
  } catch (error) {
    if (error instanceof SyntaxProblem) return null; // said when it is loaded
    throw error;
  }
}

function applied(text: string, { edits, remarks }: Found): Rewritten {
  let result = text;
  for (const { start, end, text: by } of edits.toSorted((one, other) => other.start - one.start)) {
    result = result.slice(0, start) + by + result.slice(end);
  }
  return { text: result, remarks: [...new Set(remarks)] };
}

/** Other names of tests. */
const tests: ReadonlyMap<string, string> = new Map(
  Object.entries({
    version_compare: 'version',
    change: 'changed',
    skip: 'skipped',
    fail: 'failed',
  }),
);
/** Tests that were filters in Ansible 2.4 and before. */
const testsAsFilters = new Set([
  ...['failed', 'succeeded', 'success', 'changed', 'skipped', 'version_compare'],
  ...['match', 'search', 'issubset', 'issuperset'],
]);

function walk(text: string, tokens: readonly Token[], found: Found): void {
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'operator' && token.text === '|') filterAt(text, tokens, index, found);
    if (token.kind === 'string' && token.value === 'ansible_host') keyAt(tokens, index, found);
    if (token.kind !== 'name') continue;
    const before = tokens[index - 1]?.text ?? '';
    if (token.text === 'is') testAt(tokens, index, found);
    else if (before === '.') memberAt(token, found);
    else if (tokens[index + 1]?.text !== '=') nameAt(tokens, index, found);
  }
}

/** `| ansible.builtin.combine`, and `| failed`. */
function filterAt(text: string, tokens: readonly Token[], index: number, found: Found): void {
  const pipe = tokens[index];
  const name = shortened(tokens, index + 1, found);
  if (pipe === undefined || name === undefined || !testsAsFilters.has(name.text)) return;
  const [left, right] = [text.charAt(pipe.start - 1), text.charAt(pipe.end)];
  const is = `${/\s/.test(left) ? '' : ' '}is${/\s/.test(right) ? '' : ' '}`;
  found.edits.push({ start: pipe.start, end: pipe.end, text: is });
  renameTest(name, found);
}

function testAt(tokens: readonly Token[], index: number, found: Found): void {
  const at = tokens[index + 1]?.text === 'not' ? index + 2 : index + 1;
  const name = shortened(tokens, at, found);
  if (name !== undefined) renameTest(name, found);
}

function renameTest({ text, start, end }: Token, found: Found): void {
  const other = tests.get(text);
  if (other !== undefined) found.edits.push({ start, end, text: other });
}

/** The last part of a name with its collection; the parts before it go. */
function shortened(tokens: readonly Token[], from: number, found: Found): Token | undefined {
  const [one, dot, two, dots, three] = tokens.slice(from, from + 5);
  const isLong = dot?.text === '.' && dots?.text === '.' && three?.kind === 'name';
  if (!isLong || one === undefined || two === undefined) return one;
  found.edits.push({ start: one.start, end: three.start, text: '' });
  return three;
}

/** `hostvars[name].ansible_host`. */
function memberAt({ text, start, end }: Token, found: Found): void {
  if (text === 'ansible_host' || text === 'ansible_ssh_host') {
    found.edits.push({ start, end, text: 'address' });
  } else if (text === 'iteritems') found.edits.push({ start, end, text: 'items' });
  else if (text.startsWith('ansible_')) {
    found.remarks.push(`${text}: what other hosts tell is not known: ${noSuchValue}`);
  }
}

function keyAt(tokens: readonly Token[], index: number, found: Found): void {
  const [open, key, close] = tokens.slice(index - 1, index + 2);
  if (open?.text !== '[' || close?.text !== ']' || key === undefined) return;
  if (tokens[index - 2]?.text === 'ansible_facts') return;
  found.edits.push({ start: key.start, end: key.end, text: "'address'" });
}

const noSuchValue = 'write it as a variable of the inventory';

/** A variable, or a fact. */
function nameAt(tokens: readonly Token[], index: number, found: Found): void {
  const token = tokens[index];
  if (token === undefined) return;
  const { text } = token;
  const special = specialNames.get(text);
  if (special !== undefined) factAt(tokens, index, index, text, special, found);
  if (!text.startsWith('ansible_')) return;
  if (text !== 'ansible_facts') {
    const known = knownName(text.slice('ansible_'.length));
    factAt(tokens, index, index, text, known, found);
    return;
  }
  const [dot, key, close] = tokens.slice(index + 1, index + 4);
  const isKey = dot?.text === '[' && key?.kind === 'string' && close?.text === ']';
  const isMember = dot?.text === '.' && key?.kind === 'name';
  if (!isKey && !isMember) {
    found.edits.push({ start: token.start, end: token.end, text: 'facts' });
    return;
  }
  const name = String(key.value).replace(/^ansible_/, '');
  const known = knownName(name);
  factAt(tokens, index, index + (isKey ? 3 : 2), name, known, found);
}

function factAt(
  tokens: readonly Token[],
  from: number,
  to: number,
  name: string,
  known: KnownFact,
  found: Found,
): void {
  const [start, end] = [tokens[from]?.start ?? 0, tokens[to]?.end ?? 0];
  if ('as' in known) found.edits.push({ start, end, text: known.as });
  else found.remarks.push(`${name} is not known here: ${known.instead}`);
}
