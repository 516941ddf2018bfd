import type { Diagnostic } from './diagnostic.ts';
import { escapeControls } from './escape-controls.ts';

/**
 * A diagnostic as lines for people, without a line feed at the end and without colours:
 * `file:line:column: message`, the line of text, the caret line, the hint. Control characters
 * of the user's text are escaped.
 */
export function formatDiagnostic({ position, message, hint, excerpt }: Diagnostic): string {
  const where = position === null ? '' : `${position.file}:${position.line}:${position.column}: `;
  const lines = [oneLine(`${where}${message}`)];
  if (excerpt !== null) {
    const characters = [...excerpt.text];
    const before = characters.slice(0, excerpt.column - 1).join('');
    const marked = characters
      .slice(excerpt.column - 1, excerpt.column - 1 + excerpt.length)
      .join('');
    const margin = oneLine(before).replace(/[^\t]/gu, ' ');
    const tail = '~'.repeat(Math.max(0, [...oneLine(marked)].length - 1));
    lines.push(`  ${oneLine(excerpt.text)}`, `  ${margin}^${tail}`);
  }
  if (hint !== null) lines.push(`  hint: ${oneLine(hint)}`);
  return lines.join('\n');
}

function oneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\n');
}
