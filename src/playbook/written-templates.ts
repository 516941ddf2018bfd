import type { Result } from '../source/result.ts';
import type { ScalarNode, SourceNode } from '../source/source-node.ts';
import type { TemplateText } from '../source/template-text.ts';
import { hasMarks } from '../template/has-marks.ts';
import {
  type Expression,
  readExpression,
  readTemplate,
  type Template,
} from '../template/template.ts';

const templates = new WeakMap<SourceNode | TemplateText, Result<Template>>();

/** The template that a text is; null: it is none. */
export function templateAt(node: ScalarNode): Result<Template> | null {
  const { value, place } = node;
  if (typeof value !== 'string' || !hasMarks(value)) return null;
  return once(node, () => readTemplate(value, place));
}

/** The template of a variable. */
export function templateOf(text: TemplateText): Result<Template> {
  return once(text, () => readTemplate(text.text, text.place));
}

/** All templates in a node, right or wrong. */
export function templatesIn(node: SourceNode): readonly Result<Template>[] {
  switch (node.kind) {
    case 'secret':
      return [];
    case 'scalar': {
      const template = templateAt(node);
      return template === null ? [] : [template];
    }
    case 'list':
      return node.items.flatMap(templatesIn);
    case 'map':
      return [...node.entries.values()].flatMap(({ value }) => templatesIn(value));
  }
}

/** The expression that a text or a truth value is. */
export function expressionAt({ value, place }: ScalarNode): Result<Expression> {
  return readExpression(String(value), place);
}

function once(written: SourceNode | TemplateText, read: () => Result<Template>): Result<Template> {
  const known = templates.get(written);
  if (known !== undefined) return known;
  const result = read();
  templates.set(written, result);
  return result;
}
