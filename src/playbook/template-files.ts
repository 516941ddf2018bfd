import { asText } from '../host/look-part.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { Secret, secretsIn } from '../source/secret.ts';
import { diagnosticAt, SourceText } from '../source/source-text.ts';
import { ControllerTemplate } from '../steps/controller-files.ts';
import { readTemplate, type Template } from '../template/template.ts';
import type { Found, Scope } from './scope.ts';

/** Files are read once, whatever the hosts. */
const known = new WeakMap<object, Result<Template>>();

/** Whether a parameter is a file that is a template. */
export function isTemplateFile(value: unknown): value is ControllerTemplate {
  return value instanceof ControllerTemplate;
}

/** The template in a file that was looked up, or what is wrong in it. */
export function templateFileOf({ found, path }: ControllerTemplate): Result<Template> {
  const file = found.type === 'file' ? found.file : null;
  const place = { source: new SourceText(file?.path ?? path, ''), start: 0, end: 0 };
  if (file === null) return { ok: false, diagnostics: [diagnosticAt(place, 'this is no file')] };
  if (file.content === null) {
    const wrong = diagnosticAt(place, 'a template has 256 KiB at most');
    return { ok: false, diagnostics: [wrong] };
  }
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = asText(file.content);
  const source = new SourceText(file.path, text);
  const read = readTemplate(text, { source, start: 0, end: text.length });
  known.set(file, read);
  return read;
}

/** Works out all templates among parameters. */
export function renderFiles(params: unknown, scope: Scope): Found<null> {
  const wrong: Diagnostic[] = [];
  for (const file of Object.values(params ?? {}).filter(isTemplateFile)) {
    const template = templateFileOf(file);
    if (!template.ok) return { type: 'wrong', diagnostics: template.diagnostics };
    const found = scope.render(template.value);
    if (found.type === 'waits') return found;
    if (found.type === 'wrong') wrong.push(...found.diagnostics);
    else file.render(textOf(found.value), secretsIn(found.value).length > 0);
  }
  return wrong.length > 0 ? { type: 'wrong', diagnostics: wrong } : { type: 'value', value: null };
}

/** A file holds text: where a template is one value only, that as JSON, if it is no text. */
function textOf(value: unknown): string {
  if (value instanceof Secret) return value.reveal();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
