import { randomUUID } from 'node:crypto';
import { type MapEntry, type SourceNode, toNode } from '../source/source-node.ts';
import type { Found, Scope } from './scope.ts';
import { expressionAt, templateAt } from './written-templates.ts';

/**
 * A value that stands for no value at all: what is rendered to it is left out (`default(omit)`). No
 * text of a user's or a host's is the same, since nobody knows it before the run.
 */
export const omit = `\u{10fffd}omit ${randomUUID()}`;

/**
 * A node with what its templates come to in place of their texts, each part where it was written.
 *
 * @param expressions keys of the node whose texts are expressions
 */
export function renderNode(
  node: SourceNode,
  scope: Scope,
  expressions: readonly string[] = [],
): Found<SourceNode> {
  switch (node.kind) {
    case 'secret':
      return { type: 'value', value: node };
    case 'scalar': {
      const template = templateAt(node);
      if (template === null) return { type: 'value', value: node };
      if (!template.ok) return { type: 'wrong', diagnostics: template.diagnostics };
      const found = scope.render(template.value);
      return found.type === 'value'
        ? { type: 'value', value: toNode(found.value, node.place) }
        : found;
    }
    case 'list': {
      const items: SourceNode[] = [];
      for (const item of node.items) {
        const found = renderNode(item, scope);
        if (found.type !== 'value') return found;
        if (!isOmitted(found.value)) items.push(found.value);
      }
      return { type: 'value', value: { ...node, items } };
    }
    case 'map': {
      const entries = new Map<string, MapEntry>();
      for (const [name, { key, value }] of node.entries) {
        const found = expressions.includes(name) ? workOut(value, scope) : renderNode(value, scope);
        if (found.type !== 'value') return found;
        if (!isOmitted(found.value)) entries.set(name, { key, value: found.value });
      }
      return { type: 'value', value: { ...node, entries } };
    }
  }
}

/** Expressions with their values, as `worked` of steps/worked.ts has them. */
function workOut(node: SourceNode, scope: Scope): Found<SourceNode> {
  if (node.kind === 'list') {
    const items: SourceNode[] = [];
    for (const item of node.items) {
      const found = workOut(item, scope);
      if (found.type !== 'value') return found;
      items.push(found.value);
    }
    return { type: 'value', value: { ...node, items } };
  }
  if (node.kind !== 'scalar') return { type: 'value', value: node };
  const expression = expressionAt(node);
  if (!expression.ok) return { type: 'wrong', diagnostics: expression.diagnostics };
  const found = scope.evaluate(expression.value);
  return found.type === 'value'
    ? {
        type: 'value',
        value: toNode({ expression: String(node.value), value: found.value }, node.place),
      }
    : found;
}

function isOmitted(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === omit;
}
