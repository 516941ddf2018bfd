import type { Data } from '../source/data.ts';
import { type SourceNode, toData } from '../source/source-node.ts';
import type { Findings } from './findings.ts';
import { variableName } from './name-rules.ts';

/** Variables of one level, by name, without a prototype; wrong names are among the findings. */
export function readVars(node: SourceNode | undefined, findings: Findings): Record<string, Data> {
  const vars: Record<string, Data> = Object.create(null);
  if (node?.kind !== 'map') return vars;
  for (const [name, { key, value }] of node.entries) {
    const complaint = variableName(name);
    if (complaint === null) vars[name] = toData(value);
    else findings.add(key, complaint.message, complaint.hint);
  }
  return vars;
}

/** Levels laid over each other, later ones first; a value is replaced as a whole. */
export function layered(levels: readonly Readonly<Record<string, Data>>[]): Record<string, Data> {
  return Object.assign(Object.create(null), ...levels);
}
