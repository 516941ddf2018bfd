import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const texts = new Map<string, string>();

/**
 * The text of a runtime file, without its comment lines; read once. They are part of the package,
 * so a missing one is a bug and throws.
 */
export function runtime(name: 'look.sh' | 'act.sh'): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(join(import.meta.dirname, 'runtime', name), 'utf8')
    .split('\n')
    .filter((line) => !/^\s*#|^\s*$/.test(line))
    .join('\n');
  texts.set(name, `${text}\n`);
  return `${text}\n`;
}
