import { varsNode } from '../inventory/vars.ts';
import type { Position } from '../source/position.ts';
import type { Place, SourceText } from '../source/source-text.ts';
import { inventoryLevels, type Subject } from './subject.ts';

/** A position as a place, in what of the subject was read as YAML; null: it is in none of that. */
export function placeAt(
  { file, line, column }: Position,
  { nodes, inventory }: Subject,
): Place | null {
  const ofInventory = inventory === null ? [] : inventoryLevels(inventory).map(varsNode);
  const source = [...nodes, ...ofInventory].find((node) => node?.place.source.file === file)?.place
    .source;
  return source === undefined ? null : wordAt(source, line, column);
}

/** Up to the blank behind it. */
function wordAt(source: SourceText, line: number, column: number): Place {
  const lines = source.text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const text = lines[line - 1] ?? '';
  const skipped = [...text].slice(0, column - 1).join('').length;
  const word = /^\S*/.exec(text.slice(skipped))?.[0] ?? '';
  return { source, start: before + skipped, end: before + skipped + word.length };
}
