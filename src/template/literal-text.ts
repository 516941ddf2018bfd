/** A literal as the engine reads it. */
export function literalText(value: string | number | boolean | null): string {
  if (typeof value === 'number')
    return value < 1e15 || !Number.isInteger(value) ? String(value) : value.toFixed(0);
  if (typeof value !== 'string') return String(value ?? 'none');
  const escaped = value.replace(/[\\"\n\r]/g, (character) => {
    if (character === '\n') return '\\n';
    return character === '\r' ? '\\r' : `\\${character}`;
  });
  return `"${escaped}"`;
}
