import type * as v from 'valibot';
import { type MapEntry, orEmptyMap, type SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import type { Findings } from './findings.ts';
import type { NameRule } from './name-rules.ts';

/** One named thing of a section: its checked value and where it was written. */
export interface Entry<T> {
  readonly name: string;
  readonly raw: T;
  readonly node: SourceNode;
  readonly key: Place;
}

/** Checks the entries of a section one by one; those that are wrong are among the findings. */
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
    const checked = validate(schema, node, key);
    if (checked.ok) entries.push({ name, raw: checked.value, node, key });
    else findings.addAll(checked.diagnostics);
  }
  return entries;
}
