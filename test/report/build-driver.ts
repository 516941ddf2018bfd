import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A driver of test/report as a program that plain node runs. */
export interface BuiltDriver {
  readonly path: string;
  remove(): void;
}

/** Compiles a driver and what it imports; inside node_modules, where our dependencies are found. */
export function buildDriver(name: string): BuiltDriver {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'xpush-driver-'));
  const project = join(outDir, 'tsconfig.json');
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: {
        rootDir: root,
        outDir,
        declaration: false,
        declarationMap: false,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [join(root, 'test/report', `${name}.ts`)],
    }),
  );
  writeFileSync(join(outDir, 'package.json'), '{"type": "module"}');
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
  return {
    path: join(outDir, 'test/report', `${name}.js`),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
