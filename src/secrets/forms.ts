import { escapeControls } from '../source/escape-controls.ts';

/** A text by which a value is known again. */
export interface Needle {
  readonly text: string;
  /** The characters beside it may hold some of the value, too. */
  readonly isBase64: boolean;
}

/** Of a value of several lines each of this length or more is looked for by itself. */
const shortestLine = 8;

/**
 * The forms in which programs print a value: as it is, line by line, quoted for shells, escaped for
 * JSON, HTML and URLs, in base64 wherever it begins, and in hexadecimal.
 */
export function formsOf(value: string): readonly Needle[] {
  const parts = partsOf(value);
  const texts = parts.flatMap((part) => [...writtenForms(part), ...hexForms(part)]);
  const coded = parts.flatMap(base64Forms).filter((text) => text.length >= 4);
  return [
    ...[...new Set(texts)].map((text) => ({ text, isBase64: false })),
    ...[...new Set(coded)].map((text) => ({ text, isBase64: true })),
  ];
}

/** A value without the blanks around it; then those of its lines that tell something, if it has several. */
export function partsOf(value: string): readonly string[] {
  const bare = Buffer.from(value).toString().trim(); // halves of characters have no encoding
  const lines = bare.split('\n').map((line) => line.trim());
  if (bare === '') return [];
  return lines.length === 1 ? [bare] : [bare, ...lines.filter(isTelling)];
}

function isTelling(line: string): boolean {
  return line.length >= shortestLine;
}

/** Those that no reading of escapes gives back. */
function writtenForms(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [
    value,
    value.replaceAll("'", "'\\''"),
    json,
    escapeControls(value),
    escapeControls(json),
    encodeURIComponent(value),
    Buffer.from(value).toString('latin1'), // bytes that were taken for characters
  ];
}

function hexForms(value: string): readonly string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.toUpperCase()];
}

/** What of the value stands whole in the base64 of a text that has it at any place (RFC 4648). */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const mixedStart = before === 0 ? 0 : before + 1;
    const rest = (before + bytes.length) % 3;
    const mixedEnd = rest === 0 ? 0 : 4 - rest; // one character, and the padding
    const whole = encoded.slice(mixedStart, encoded.length - mixedEnd);
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
