import { type KeptNode, keptScalar, mapKeptTexts } from '../source/kept-yaml.ts';
import { SourceText } from '../source/source-text.ts';
import { readTemplate } from '../template/template.ts';
import { type Rewritten, rewriteExpression, rewriteTemplate } from './rewrite-expression.ts';
import type { Remarks } from './talk.ts';

/** The templates of a node in xpush's words; numbers and words of YAML 1.1 as they mean. */
export function rewriteNode(node: KeptNode, remarks: Remarks): KeptNode {
  return mapKeptTexts(unsafeTexts(node), (text) => noted(rewriteTemplate(text), remarks));
}

/** The values of variables. What is wrong with their templates is not said when they are loaded. */
export function rewriteVariables(node: KeptNode, remarks: Remarks): KeptNode {
  return mapKeptTexts(unsafeTexts(withModes(node)), (text) => {
    const rewritten = noted(rewriteTemplate(text), remarks);
    const read = readTemplate(rewritten, { source: new SourceText('', ''), start: 0, end: 0 });
    if (!read.ok) {
      remarks.all(
        read.diagnostics.map(({ message, hint }) =>
          hint === null ? message : `${message}: ${hint}`,
        ),
      );
    }
    return rewritten;
  });
}

/** A number such as 0644 is a mode, which is a text here. */
function withModes(node: KeptNode, key = ''): KeptNode {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item) => withModes(item, key)) };
    case 'map': {
      const pairs = node.pairs.map((pair) => ({ ...pair, value: withModes(pair.value, pair.key) }));
      return { ...node, pairs };
    }
    case 'scalar': {
      const isMode = typeof node.value === 'number' && /^0[0-7]{3,4}$/.test(node.source);
      return isMode && /mode|perm/i.test(key)
        ? { ...node, value: node.source, style: 'single' }
        : node;
    }
  }
}

/** Texts of a node as expressions, such as those of `that`. */
export function rewriteExpressions(node: KeptNode, remarks: Remarks): KeptNode {
  return mapKeptTexts(node, (text) => noted(rewriteExpression(bare(text)), remarks));
}

/** Conditions: what is neither true nor false by its nature is asked for its length. */
export function rewriteConditions(node: KeptNode, remarks: Remarks): KeptNode {
  return mapKeptTexts(node, (text) => {
    const expression = noted(rewriteExpression(bare(text)), remarks).trim();
    return /^(?:not )?[\w.]+\.(?:std(?:out|err)(?:_lines)?|results)$/.test(expression)
      ? asked(expression)
      : expression;
  });
}

function asked(expression: string): string {
  const positive = expression.replace(/^not /, '');
  return `${positive} | length ${positive === expression ? '>' : '=='} 0`;
}

/** `{{ x }}` where no braces belong. */
function bare(text: string): string {
  const inner = /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(text)?.[1];
  return inner === undefined || inner.includes('}}') ? text : inner.trim();
}

function noted({ text, remarks: left }: Rewritten, remarks: Remarks): string {
  remarks.all(left);
  return text;
}

/** `!unsafe` is a text that is no template. */
function unsafeTexts(node: KeptNode): KeptNode {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map(unsafeTexts) };
    case 'map':
      return {
        ...node,
        pairs: node.pairs.map((pair) => ({ ...pair, value: unsafeTexts(pair.value) })),
      };
    case 'scalar': {
      if (node.tag !== '!unsafe') return node;
      const text = String(node.value);
      const value = /\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text;
      return { ...keptScalar(value), style: 'single', before: node.before, behind: node.behind };
    }
  }
}
