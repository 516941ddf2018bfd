import { isUtf8 } from 'node:buffer';
import type { Diagnostic } from './diagnostic.ts';
import type { Result } from './result.ts';
import { diagnosticAt, SourceText } from './source-text.ts';

/** How large a text of the user's may be. */
export const largestTextBytes = 10 * 1024 * 1024;

const BYTE_ORDER_MARK = '\ufeff';

/** The text of a file of the user's: UTF-8, at most 10 MB; a byte order mark and CR before LF go. */
export function decodeText(input: string | Uint8Array, file: string): Result<string> {
  if (input.length > largestTextBytes) {
    const message = `the text is larger than ${largestTextBytes / 1024 / 1024} MB`;
    return {
      ok: false,
      diagnostics: [{ position: { file, line: 1, column: 1 }, message, hint: null, excerpt: null }],
    };
  }
  if (typeof input !== 'string' && !isUtf8(input))
    return { ok: false, diagnostics: [notUtf8(input, file)] };
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('utf8');
  const start = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  return { ok: true, value: text.slice(start).replaceAll('\r\n', '\n') };
}

function notUtf8(input: Uint8Array, file: string): Diagnostic {
  const text = validBeginning(input);
  const source = new SourceText(file, `${text}\ufffd`);
  const byte = (input[Buffer.byteLength(text)] ?? 0).toString(16).padStart(2, '0');
  const place = { source, start: text.length, end: text.length + 1 };
  return diagnosticAt(place, `the byte 0x${byte} is not UTF-8`, 'save the file as UTF-8');
}

function validBeginning(input: Uint8Array): string {
  const replacement = Buffer.from('\ufffd');
  const lenient = Buffer.from(input).toString('utf8');
  let offset = 0;
  let end = 0;
  for (const piece of lenient.split('\ufffd')) {
    offset += Buffer.byteLength(piece);
    end += piece.length;
    const isWritten = replacement.equals(input.subarray(offset, offset + replacement.length));
    if (!isWritten) break;
    offset += replacement.length;
    end += 1;
  }
  return lenient.slice(0, end);
}
