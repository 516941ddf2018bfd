import * as v from 'valibot';
import { type KeptNode, type KeptScalar, keptList, keptScalar } from '../source/kept-yaml.ts';
import { hasMarks } from '../template/has-marks.ts';

/** A value in the form that a parameter takes: Ansible takes `yes`, `0644` and `a,b` for many of them. */
export function fitted(schema: v.GenericSchema | undefined, node: KeptNode): KeptNode {
  if (schema === undefined || !isPlain(node)) return node;
  const fits = (value: unknown): boolean => v.safeParse(schema, value).success;
  if (node.kind === 'list') return textList(node, fits) ?? node;
  if (node.kind !== 'scalar') return node;
  const isOctal = typeof node.value === 'number' && /^0\d+$/.test(node.source);
  if (!isOctal && fits(node.value)) return node;
  const candidates: readonly (KeptScalar['value'] | readonly string[])[] = [
    ...(typeof node.value === 'string' ? [] : [node.source]),
    ...symbolicMode(String(node.value)),
    ...truth(String(node.value)),
    ...numbers(String(node.value)),
    ...(typeof node.value === 'string' ? [node.value.split(',').map((part) => part.trim())] : []),
    ...(node.value === '' ? [null] : []),
  ];
  const found = candidates.find(fits);
  if (found === undefined) return isOctal ? quotedText(node) : node;
  const comments = { before: node.before, behind: node.behind, isApart: node.isApart };
  if (typeof found === 'object' && found !== null) {
    return {
      ...keptList(
        found.map((one) => keptScalar(one)),
        true,
      ),
      ...comments,
    };
  }
  return {
    ...keptScalar(found),
    ...(found === node.source ? { style: 'single' } : {}),
    ...comments,
  };
}

function quotedText(node: KeptScalar): KeptScalar {
  return { ...node, value: node.source, style: 'single' };
}

/** Numbers in a list of texts are meant as texts. */
function textList(
  node: KeptNode & { readonly kind: 'list' },
  fits: (value: unknown) => boolean,
): KeptNode | null {
  const values = node.items.map((item) => (item.kind === 'scalar' ? item.value : null));
  if (fits(values)) return null;
  const texts = node.items.map((item) => (item.kind === 'scalar' ? item.source : ''));
  if (!fits(texts)) return null;
  const items = node.items.map((item) =>
    item.kind === 'scalar' && typeof item.value !== 'string' ? quotedText(item) : item,
  );
  return { ...node, items };
}

function isPlain(node: KeptNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return node.tag === null && !(typeof node.value === 'string' && hasMarks(node.value));
    case 'list':
      return node.items.every((item) => item.kind === 'scalar' && isPlain(item));
    case 'map':
      return false;
  }
}

function truth(text: string): readonly boolean[] {
  if (/^(?:yes|true|on|1)$/i.test(text)) return [true];
  return /^(?:no|false|off|0)$/i.test(text) ? [false] : [];
}

function numbers(text: string): readonly number[] {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? [Number(text)] : [];
}

/** `u=rw,g=r,o=r` says a whole mode; `g+w` does not. */
function symbolicMode(text: string): readonly string[] {
  const parts = text.split(',').map((part) => /^([ugoa]+)=([rwx]*)$/.exec(part));
  const digits = new Map<string, number>();
  for (const part of parts) {
    if (part === null) return [];
    const [, who = '', what = ''] = part;
    const bits = [...what].reduce((sum, each) => sum | ({ r: 4, w: 2, x: 1 }[each] ?? 0), 0);
    for (const each of who === 'a' ? 'ugo' : who) digits.set(each, bits);
  }
  const mode = ['u', 'g', 'o'].map((each) => digits.get(each));
  return mode.every((digit) => digit !== undefined) ? [`0${mode.join('')}`] : [];
}
