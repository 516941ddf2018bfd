import type { Diagnostic } from '../source/diagnostic.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt } from '../source/source-text.ts';

/** Secrets by name, as a decrypted file has them: a flat map of texts. No message repeats a value. */
export function readNames(text: Uint8Array, file: string): Result<ReadonlyMap<string, string>> {
  const parsed = parseYaml(text, file, { isSecret: true });
  if (!parsed.ok) return parsed;
  const { value: root } = parsed;
  if (root.kind !== 'map') {
    const found = diagnosticAt(root.place, 'the secrets are to be a map of names to texts');
    return { ok: false, diagnostics: [found] };
  }
  const names = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const [name, { key, value }] of root.entries) {
    if (value.kind === 'scalar' && typeof value.value === 'string') names.set(name, value.value);
    else {
      const isNumber = value.kind === 'scalar' && value.value !== null;
      const what = isNumber ? 'read as a number or boolean: quote it' : 'no text';
      diagnostics.push(diagnosticAt(key, `the value of this name is ${what}`));
    }
  }
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, value: names };
}
