// Writes schemas/: the JSON Schemas of inventories and playbooks, of src/'s own schemas.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = mkdtempSync(join(tmpdir(), 'xpush-schemas-'));
const outfile = join(outdir, 'json-schemas.cjs');

try {
  await build({
    entryPoints: [join(root, 'scripts', 'json-schemas.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    logLevel: 'error',
  });
  const { jsonSchemas } = await import(pathToFileURL(outfile).href);
  mkdirSync(join(root, 'schemas'), { recursive: true });
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    writeFileSync(join(root, 'schemas', name), `${JSON.stringify(schema, null, 1)}\n`);
  }
} finally {
  rmSync(outdir, { recursive: true });
}
