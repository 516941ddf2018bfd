import type * as v from 'valibot';
import { type MapEntry, orEmptyMap, type SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { validatePartly } from '../source/validate.ts';
import type { Findings } from './findings.ts';
import type { NameRule } from './name-rules.ts';

/** One named thing of a section: its checked value and where it was written. */
export interface Entry<T> {
  readonly name: string;
  readonly raw: T;
  readonly node: SourceNode;
  readonly key: Place;
  /** Whether nothing had to be left out. */
  readonly isWhole: boolean;
}

/**
 * Checks the entries of a section one by one. What is wrong is among the findings and left out, so that
 * the checks of the fleet can go on with the rest.
 */
export function readEntries<const TSchema extends v.GenericSchema>(
  section: ReadonlyMap<string, MapEntry> | undefined,
  schema: TSchema,
  rule: NameRule,
  findings: Findings,
): Entry<v.InferOutput<TSchema>>[] {
  const entries: Entry<v.InferOutput<TSchema>>[] = [];
  for (const [name, { key, value }] of section ?? []) {
    const complaint = rule(name);
    if (complaint !== null) findings.add(key, complaint.message, complaint.hint);
    const node = orEmptyMap(value);
    const checked = validatePartly(schema, node, key);
    findings.addAll(checked.diagnostics);
    if (checked.value === null) continue;
    const isWhole = checked.diagnostics.length === 0;
    entries.push({ name, raw: checked.value, node: checked.node, key, isWhole });
  }
  return entries;
}
