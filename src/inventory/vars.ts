import type { Data } from '../source/data.ts';
import { Secret } from '../source/secret.ts';
import { type MapNode, type SourceNode, toData } from '../source/source-node.ts';
import { TemplateText } from '../source/template-text.ts';
import { hasMarks } from '../template/has-marks.ts';
import type { Findings } from './findings.ts';
import { variableName } from './name-rules.ts';

type Vars = Readonly<Record<string, Data>>;

const nodes = new WeakMap<Vars, MapNode>();
const levels = new WeakMap<Vars, readonly VarsLevel[]>();

/** Variables that are written together, and what they are said of. */
export interface VarsLevel {
  /** `all hosts`, `group web`, `host web1`. */
  readonly of: string;
  readonly vars: Vars;
}

/** Variables of one level, by name, without a prototype; wrong names are among the findings. */
export function readVars(node: SourceNode | undefined, findings: Findings): Record<string, Data> {
  const vars: Record<string, Data> = Object.create(null);
  if (node?.kind !== 'map') return vars;
  nodes.set(vars, node);
  for (const [name, { key, value }] of node.entries) {
    const complaint = variableName(name);
    if (complaint === null) vars[name] = value.place.source.isSecret ? kept(value) : written(value);
    else findings.add(key, complaint.message, complaint.hint);
  }
  return vars;
}

/** Data in which the texts that are templates are known to be. */
function written(node: SourceNode): Data {
  switch (node.kind) {
    case 'scalar':
      return typeof node.value === 'string' && hasMarks(node.value)
        ? new TemplateText(node.value, node.place)
        : node.value;
    case 'list':
      return node.items.map(written);
    case 'map': {
      const entries = [...node.entries].map(([key, { value }]) => [key, written(value)] as const);
      return Object.assign(Object.create(null), Object.fromEntries(entries));
    }
    case 'secret':
      return toData(node);
  }
}

/** Variables of a file that is encrypted as a whole: its texts and numbers are secrets. */
function kept(node: SourceNode): Data {
  if (node.kind === 'list') return node.items.map(kept);
  if (node.kind === 'map') {
    const entries = [...node.entries].map(([key, { value }]) => [key, kept(value)] as const);
    return Object.assign(Object.create(null), Object.fromEntries(entries));
  }
  const isPlain = node.kind === 'secret' || node.value === null || node.value === '';
  if (isPlain || typeof node.value === 'boolean') return toData(node);
  const secret = new Secret({ kind: 'written' }, node.place);
  secret.settle(String(node.value));
  return secret;
}

/** Levels laid over each other, later ones first; a value is replaced as a whole. */
export function layered(all: readonly VarsLevel[]): Record<string, Data> {
  const vars: Record<string, Data> = Object.create(null);
  Object.assign(vars, ...all.map((level) => level.vars));
  levels.set(vars, all);
  return vars;
}

/** What `layered` was given. */
export function levelsOfVars(vars: Vars): readonly VarsLevel[] {
  return levels.get(vars) ?? [];
}

/** The map that `readVars` read variables from; null: they are from elsewhere. */
export function varsNode(vars: Vars): MapNode | null {
  return nodes.get(vars) ?? null;
}

/** What was written of a variable that `readVars` read; null: nothing. */
export function varNode(vars: Vars, name: string): SourceNode | null {
  return nodes.get(vars)?.entries.get(name)?.value ?? null;
}
