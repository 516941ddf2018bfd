import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import type { SourceNode } from '../source/source-node.ts';
import { diagnosticAt } from '../source/source-text.ts';
import type { Expression } from '../template/template.ts';
import { expressionAt } from './written-templates.ts';

/** The conditions of `when` and its kind: one, or a list of which all must hold; none: there are none. */
export function readConditions(node: SourceNode | undefined): Result<readonly Expression[]> {
  if (node === undefined) return { ok: true, value: [] };
  const parts = node.kind === 'list' ? node.items : [node];
  const read = parts.map(readCondition);
  const diagnostics: readonly Diagnostic[] = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: read.flatMap((one) => (one.ok ? [one.value] : [])) };
}

function readCondition(node: SourceNode): Result<Expression> {
  if (node.kind !== 'scalar' || node.value === null || typeof node.value === 'number') {
    const message = 'a condition is an expression, or true or false';
    return { ok: false, diagnostics: [diagnosticAt(node.place, message)] };
  }
  return expressionAt(node);
}
