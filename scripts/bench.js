// Runs test/bench/main.ts: in one file, as node 20 reads no types, and on dist/, which is what people run.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const bench = join(root, 'test', 'bench');
const outdir = mkdtempSync(join(tmpdir(), 'xpush-bench-'));

/** @type {import('esbuild').Plugin} */
const built = {
  name: 'built',
  setup({ onResolve }) {
    onResolve({ filter: /\/src\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path)
        .replace(join(root, 'src'), join(root, 'dist'))
        .replace(/\.ts$/, '.js'),
      external: true,
    }));
    // of CommonJS, which asks for modules of Node's by name
    onResolve({ filter: /^yaml$/ }, () => ({
      path: fileURLToPath(import.meta.resolve('yaml')),
      external: true,
    }));
  },
};

try {
  await build({
    entryPoints: ['main.ts', 'delay-line.ts', 'simulated-run.ts'].map((name) => join(bench, name)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    define: {
      'import.meta.dirname': JSON.stringify(bench),
      'import.meta.filename': 'importMetaFilename',
    },
    banner: {
      js: "import { fileURLToPath as toPath } from 'node:url';\nconst importMetaFilename = toPath(import.meta.url);",
    },
    plugins: [built],
    logLevel: 'warning',
  });
  const { status } = spawnSync(
    process.execPath,
    [join(outdir, 'main.mjs'), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
