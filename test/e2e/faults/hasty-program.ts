import { createHash } from 'node:crypto';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const usual = 'applySeconds=60,';

/**
 * A copy of the program, made in `place`, that gives the changes of a window so many seconds instead of a minute: all
 * else of it is the same, and nobody need wait for that minute. Gives its path.
 */
export function hastyProgram(place: string, applySeconds: number): string {
  for (const part of ['bin', 'dist/bundle', 'package.json', 'playbooks']) {
    cpSync(join(root, part), join(place, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
  const file = join(place, 'dist', 'bundle', 'program.cjs');
  const parts = readFileSync(file, 'utf8').split(usual);
  if (parts.length !== 2) throw new Error(`${usual} is not in it once`);
  const text = parts.join(`applySeconds=${applySeconds},`);
  // its first line tells start.cjs which program it is: compiled code of the other one is not for it
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
  writeFileSync(file, text.replace(/^.*/, `// ${id}`));
  return join(place, 'bin', 'xpush');
}
