import { cp, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../src/lab/process.ts';

const root = join(import.meta.dirname, '..', '..');

/** Builds the lab as a release does, for tests that need it in a process of their own. Resolves with its directory; the caller removes `top`. */
export async function buildLab(): Promise<{ readonly top: string; readonly lab: string }> {
  const top = await mkdtemp(join(tmpdir(), 'xpush-built-'));
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  // Other modules' type errors are none of a lab test's business: it emits all the same.
  await runCommand([tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', top], { cwd: root });
  await cp(join(root, 'src/lab/runtime'), join(top, 'lab/runtime'), { recursive: true });
  await cp(join(root, 'package.json'), join(top, 'package.json'));
  await symlink(join(root, 'node_modules'), join(top, 'node_modules'));
  return { top, lab: join(top, 'lab') };
}
