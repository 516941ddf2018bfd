import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Data } from '../source/data.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import { toData } from '../source/source-node.ts';
import { flowList, writeYaml, type YamlValue } from '../source/write-yaml.ts';
import { exactPart, headPart, reviewedPart, together } from './plan-layout.ts';
import { type PlanDocument, type PlanHead, type SavedPlan, writtenSchema } from './plan-schema.ts';

const schemaNumber = 1;

/** Why a file is no plan that can be applied: a sentence, and what to do. */
export interface NoPlan {
  readonly problem: string;
  readonly hint: string | null;
}

/**
 * The text of a plan: YAML for people to review, diff by diff, with a digest over all that it says.
 * Two plans of one state differ in `made` and `digest` only.
 */
export function planText({ hosts, ...head }: PlanDocument): string {
  return [...planTexts(head, () => hosts)].join('');
}

/** The same a host at a time. @param hosts is gone through several times, and must give the same */
export function* planTexts(
  plan: PlanHead,
  hosts: () => Iterable<PlanDocument['hosts'][number]>,
): Generator<string> {
  const { made, ...head } = headPart(plan);
  const reviewed = () => mapped(hosts(), reviewedPart);
  const exact = () => mapped(hosts(), exactPart);
  const digest = digestOf({
    ...canonicalValues({ made, ...head }),
    ...{ hosts: canonicalItems(reviewed()), exact: canonicalItems(exact()) },
  });
  const first = { xpush_plan: schemaNumber, digest, made, ...head };
  yield writeYaml(
    [
      'A plan of xpush, for review. `xpush apply --plan FILE` does exactly this, on hosts that are',
      'still as they were; a plan that was edited is refused.',
    ],
    Object.entries(first).map(([key, value], index) => ({
      key,
      value: yamlOf(value),
      isApart: index > 1,
    })),
  );
  yield '\n';
  yield* listTexts('hosts', reviewed);
  yield '\n# The same for xpush: what it will do, word by word.\n';
  yield* listTexts('exact', exact);
}

function* mapped<One, Other>(
  all: Iterable<One>,
  change: (one: One) => Other | null,
): Generator<Other> {
  for (const one of all) {
    const other = change(one);
    if (other !== null) yield other;
  }
}

/** A key with a list, an item at a time unless all stand in one line. */
function* listTexts(key: string, items: () => Iterable<unknown>): Generator<string> {
  const few = shortList(items());
  if (few !== null) {
    yield writeYaml([], [{ key, value: yamlOf(few) }]);
    return;
  }
  yield `${key}:\n`;
  for (const item of items()) {
    const text = writeYaml([], [{ key, value: { items: [yamlOf(item)], isFlow: false } }]);
    yield text.slice(text.indexOf('\n') + 1);
  }
}

/** The items when they are so few that they may stand in a line. */
function shortList(items: Iterable<unknown>): readonly unknown[] | null {
  const few: unknown[] = [];
  for (const item of items) {
    few.push(item);
    if (!isShort(few)) return null;
  }
  return few;
}

/** Reads a plan. Refused: what is no plan, of a newer xpush, cut or edited. */
export function readPlan(bytes: string | Uint8Array, name: string): SavedPlan | NoPlan {
  // what a template made of a command's words may be any text
  const parsed = parseYaml(bytes, name, { takesControls: true });
  if (!parsed.ok) {
    const [first] = parsed.diagnostics;
    return refuse(`${name} is no plan: ${first?.message ?? 'it cannot be read'}`, first?.hint);
  }
  const data = toData(parsed.value);
  const { xpush_plan: number, digest, ...rest } = isMap(data) ? data : {};
  if (typeof number !== 'number') {
    return refuse(`${name} is no plan of xpush`, 'xpush plan INVENTORY --out FILE writes one');
  }
  if (number !== schemaNumber) {
    return refuse(
      `${name} was made by another version of xpush (plan ${number}, not ${schemaNumber})`,
    );
  }
  if (digest !== digestOf(canonicalValues(rest))) {
    return refuse(`${name} is not as xpush wrote it: it was edited, or is cut`, 'make a new plan');
  }
  const checked = v.safeParse(writtenSchema, rest);
  const plan = checked.success ? together(checked.output) : null;
  return plan ?? refuse(`${name} holds what no plan of this xpush does`, 'make a new plan');
}

function refuse(problem: string, hint: string | null = 'make a new plan'): NoPlan {
  return { problem, hint };
}

/** Of the canonical JSON of a map, whose values come as texts. */
function digestOf(values: Readonly<Record<string, Iterable<string>>>): string {
  const sum = createHash('sha256');
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [index, [key, texts]] of entries.entries()) {
    sum.update(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    for (const text of texts) sum.update(text);
  }
  return `sha256:${sum.update('}').digest('hex')}`;
}

function canonicalValues(data: object): Readonly<Record<string, Iterable<string>>> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, [canonical(value)]]));
}

function* canonicalItems(items: Iterable<unknown>): Generator<string> {
  let before = '[';
  for (const item of items) {
    yield `${before}${canonical(item)}`;
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/** JSON without blanks, keys in order. */
function canonical(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function isMap(data: Data): data is { readonly [key: string]: Data } {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

const widestLine = 88;

/** Whether a text can stand as it is, line by line: blanks that nobody sees are quoted. */
function hasPlainLines(value: string): boolean {
  if (!value.includes('\n')) return true;
  const lines = value.split('\n');
  return /^\S/.test(value) && lines.at(-1) === '' && lines.at(-2) !== '' && !lines.some(endsBlank);
}

const endsBlank = (line: string): boolean => line !== line.trimEnd();

function isShort(value: object): boolean {
  const json = JSON.stringify(value);
  return json.length <= widestLine && !/\\[nt]/.test(json);
}

/** Small things stay in one line. */
function yamlOf(value: unknown): YamlValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return hasPlainLines(value) ? value : { quoted: value };
  if (typeof value !== 'object') throw new Error(`no data: ${typeof value}`);
  const isFlow = isShort(value);
  if (Array.isArray(value)) {
    const items = value.map(yamlOf);
    return isFlow ? flowList(items) : { items, isFlow };
  }
  const pairs = Object.entries(value).map(([key, one]) => ({ key, value: yamlOf(one) }));
  return { pairs, isFlow };
}
