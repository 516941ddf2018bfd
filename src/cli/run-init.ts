import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { escapeControls } from '../source/escape-controls.ts';
import type { InitOptions } from './init.ts';
import { initFiles } from './init-files.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush init` is for, and gives the exit code. Nothing that is there is written over. */
export async function runInit({ directory }: InitOptions): Promise<number> {
  const files = Object.entries(initFiles).map(
    ([name, text]) => ({ path: join(directory, name), text }) as const,
  );
  for (const { path } of files) {
    if (await isThere(path)) {
      throw new UsageError(`${path} is there already`, 'name another directory: xpush init DIR');
    }
  }
  try {
    for (const { path, text } of files) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text, { flag: 'wx' });
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
  const inventory = join(directory, 'inventory.yaml');
  const lines = [
    ...files.map(({ path }) => path),
    '',
    `Next: edit ${inventory}, then xpush apply ${inventory} --check --diff`,
  ];
  process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  return 0;
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
