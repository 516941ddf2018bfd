import type { Explained, Origin } from '../playbook/explain-variable.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { aligned } from './table.ts';

/** Where a variable has its value from, for people: what decides is first. */
export function explainText(
  host: string,
  name: string,
  { origins }: Extract<Explained, { readonly ok: true }>,
): string {
  const [winner] = origins;
  const value = winner === undefined ? '' : comesTo(winner);
  const isInPart = winner !== undefined && /(?:^|, )play /.test(winner.of);
  const where = isInPart ? ` (${escapeControls(winner.of)})` : '';
  const head = `${host}: ${name} = ${value}${where}\n`;
  const rows = origins.map((origin, index) => [
    index === 0 ? '*' : ' ',
    escapeControls(origin.of),
    escapeControls(origin.place ?? '-'),
    writtenAndWorkedOut(origin),
  ]);
  return `${head}${aligned(rows)}`;
}

/** The same for programs: `value` is null where only a run can tell, or where there is an `error`. */
export function explainDocument(
  host: string,
  name: string,
  { origins }: Extract<Explained, { readonly ok: true }>,
) {
  return {
    ...{ schema: 1, host, name },
    origins: origins.map(({ of, place, written, value }) => ({
      ...{ of, place, written },
      value: value?.type === 'value' ? value.value : null,
      isKnown: value?.type === 'value',
      error: value?.type === 'wrong' ? value.diagnostics.map(({ message }) => message) : null,
    })),
  };
}

function writtenAndWorkedOut(origin: Origin): string {
  const { written } = origin;
  const value = comesTo(origin);
  if (written === null) return value;
  const isTemplate = /\{[{%#]/.test(written);
  return isTemplate ? `${onOneLine(written)} -> ${value}` : value;
}

function comesTo({ value }: Origin): string {
  if (value === null || value.type === 'waits') return 'known only in a run';
  if (value.type === 'wrong') {
    return `an error: ${onOneLine(value.diagnostics.map(({ message }) => message).join('; '))}`;
  }
  return onOneLine(JSON.stringify(value.value));
}

const longest = 200;

function onOneLine(text: string): string {
  const line = escapeControls(text.replace(/\s*\n\s*/g, ' '));
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
