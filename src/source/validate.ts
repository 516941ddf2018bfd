import type * as v from 'valibot';
import type { Diagnostic } from './diagnostic.ts';
import type { Result } from './result.ts';
import { check } from './schema-problems.ts';
import { type SourceNode, without } from './source-node.ts';
import type { Place } from './source-text.ts';

const MOST_ROUNDS = 8;

/** What is right of a node, if enough is, and everything that is wrong. */
export interface PartlyValid<T> {
  /** null when what is left without the wrong parts does not satisfy the schema either. */
  readonly value: T | null;
  /** The node without the wrong parts. */
  readonly node: SourceNode;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks a node against a schema: its value, or everything that is wrong with it, in the order of
 * the text, each at the offending key or value.
 *
 * Messages are made from the schema; a message of the schema's own is taken as it is, and what
 * follows its first line feed is the hint (see `complaint`). Use `strictObject` for maps.
 *
 * @param key where the node's own name is written; a missing key is reported there
 */
export function validate<const TSchema extends v.GenericSchema>(
  schema: TSchema,
  node: SourceNode,
  key: Place = node.place,
): Result<v.InferOutput<TSchema>> {
  const checked = check({ schema, node, key });
  if (checked.ok) return checked;
  return { ok: false, diagnostics: checked.problems.map(({ diagnostic }) => diagnostic) };
}

/**
 * Like `validate`, but goes on with what is left without the wrong parts, so that checks between
 * things can find their own errors in the same run.
 */
export function validatePartly<const TSchema extends v.GenericSchema>(
  schema: TSchema,
  node: SourceNode,
  key: Place = node.place,
): PartlyValid<v.InferOutput<TSchema>> {
  let checked = check({ schema, node, key });
  if (checked.ok) return { value: checked.value, node, diagnostics: [] };
  const diagnostics = checked.problems.map(({ diagnostic }) => diagnostic);
  let rest = node;
  for (let round = 0; !checked.ok && round < MOST_ROUNDS; round++) {
    const pruned = without(
      rest,
      checked.problems.map(({ path }) => path),
    );
    if (pruned === null) break;
    rest = pruned;
    checked = check({ schema, node: rest, key });
  }
  return { value: checked.ok ? checked.value : null, node: rest, diagnostics };
}
