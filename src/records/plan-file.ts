import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Data } from '../source/data.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import { toData } from '../source/source-node.ts';
import { flowList, writeYaml, type YamlValue } from '../source/write-yaml.ts';
import { apart, together } from './plan-layout.ts';
import { type PlanDocument, type SavedPlan, writtenSchema } from './plan-schema.ts';

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
export function planText(plan: PlanDocument): string {
  const { made, ...rest } = apart(plan);
  const document = { xpush_plan: schemaNumber, digest: digestOf({ made, ...rest }), made, ...rest };
  return writeYaml(
    [
      'A plan of xpush, for review. `xpush apply --plan FILE` does exactly this, on hosts that are',
      'still as they were; a plan that was edited is refused.',
    ],
    Object.entries(document).map(([key, value], index) => ({
      key,
      value: yamlOf(value),
      isApart: index > 1,
      ...(key === 'exact'
        ? { comments: ['The same for xpush: what it will do, word by word.'] }
        : {}),
    })),
  );
}

/** Reads a plan. Refused: what is no plan, of a newer xpush, cut or edited. */
export function readPlan(bytes: string | Uint8Array, name: string): SavedPlan | NoPlan {
  const parsed = parseYaml(bytes, name);
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
  if (digest !== digestOf(rest)) {
    return refuse(`${name} is not as xpush wrote it: it was edited, or is cut`, 'make a new plan');
  }
  const checked = v.safeParse(writtenSchema, rest);
  const plan = checked.success ? together(checked.output) : null;
  return plan ?? refuse(`${name} holds what no plan of this xpush does`, 'make a new plan');
}

function refuse(problem: string, hint: string | null = 'make a new plan'): NoPlan {
  return { problem, hint };
}

function digestOf(plan: unknown): string {
  return `sha256:${createHash('sha256').update(canonical(plan)).digest('hex')}`;
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

/** Small things stay in one line. */
function yamlOf(value: unknown): YamlValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return hasPlainLines(value) ? value : { quoted: value };
  if (typeof value !== 'object') throw new Error(`no data: ${typeof value}`);
  const json = JSON.stringify(value);
  const isFlow = json.length <= widestLine && !/\\[nt]/.test(json);
  if (Array.isArray(value)) {
    const items = value.map(yamlOf);
    return isFlow ? flowList(items) : { items, isFlow };
  }
  const pairs = Object.entries(value).map(([key, one]) => ({ key, value: yamlOf(one) }));
  return { pairs, isFlow };
}
