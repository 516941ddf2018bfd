import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/** A driver of test/report as a program that plain node runs. */
export interface BuiltDriver {
  readonly path: string;
  remove(): void;
}

/** Bundles a driver and what it imports; inside node_modules, where our dependencies are found. */
export function buildDriver(name: string): BuiltDriver {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'xpush-driver-'));
  const path = join(outDir, `${name}.mjs`);
  buildSync({
    entryPoints: [join(root, 'test/report', `${name}.ts`)],
    outfile: path,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  return { path, remove: () => rmSync(outDir, { recursive: true, force: true }) };
}
