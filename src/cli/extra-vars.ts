import { Findings } from '../inventory/findings.ts';
import { variableName } from '../inventory/name-rules.ts';
import type { Variables } from '../playbook/keywords.ts';
import type { PlaybookFiles } from '../playbook/playbook-files.ts';
import { variablesOf } from '../playbook/roles.ts';
import { magicNames } from '../playbook/scope-of.ts';
import type { Data } from '../source/data.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt, type Place, SourceText } from '../source/source-text.ts';
import { TemplateText } from '../source/template-text.ts';
import { hasMarks } from '../template/has-marks.ts';

/** How messages call the command line. */
const here = '--extra-vars';

/**
 * The variables that `-e` gives, later ones over earlier ones: `name=value`, whose value is a text as in
 * Ansible; `{...}`, a map of JSON or YAML; `@file`, a file of variables. Everything that is wrong with
 * any of them is told with its place.
 */
export function readExtraVars(written: readonly string[], files: PlaybookFiles): Result<Variables> {
  const read = written.map((word) => readOne(word, files));
  const diagnostics = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const levels = read.flatMap((one) => (one.ok ? [one.value] : []));
  const value: Variables = Object.assign(Object.create(null), ...levels);
  return { ok: true, value };
}

function readOne(word: string, files: PlaybookFiles): Result<Variables> {
  if (word.startsWith('@')) {
    const node = files.read(word.slice(1), 'file of variables');
    return node.ok ? ownNames(variablesOf(node.value, '-e'), word.slice(1)) : node;
  }
  if (/^\s*\{/.test(word)) {
    const node = parseYaml(word, here, { takesSecrets: true });
    return node.ok ? ownNames(variablesOf(node.value, '-e'), here) : node;
  }
  return readPair(word);
}

function readPair(word: string): Result<Variables> {
  const source = new SourceText(here, word);
  const findings = new Findings();
  const whole: Place = { source, start: 0, end: word.length };
  const end = word.indexOf('=');
  const [name, value] = [word.slice(0, Math.max(end, 0)), word.slice(end + 1)];
  const second = /\s([A-Za-z_]\w*)=/.exec(value);
  if (end < 0) {
    findings.add(whole, `${quoted(word)} gives no variable`, 'write name=value, {json} or @file');
  } else if (second?.[1] !== undefined) {
    const start = end + 1 + second.index + 1;
    const place = { source, start, end: start + second[1].length };
    const hint = `write -e ${second[1]}=..., or, if it is part of the value, all of it as JSON`;
    findings.add(place, 'a second variable needs a -e of its own', hint);
  } else {
    const complaint = variableName(name) ?? reserved(name);
    if (complaint !== null) findings.add({ ...whole, end }, complaint.message, complaint.hint);
  }
  if (!findings.isEmpty) return { ok: false, diagnostics: findings.sorted([]) };
  const place = { source, start: end + 1, end: word.length };
  const data: Data = hasMarks(value) ? new TemplateText(value, place) : value;
  const vars: Record<string, Data> = Object.create(null);
  vars[name] = data;
  return { ok: true, value: vars };
}

/** Nobody can give a value to a name that xpush gives one to. */
function ownNames(read: Result<Variables>, where: string): Result<Variables> {
  if (!read.ok) return read;
  const diagnostics = Object.keys(read.value).flatMap((name) => {
    const complaint = reserved(name);
    if (complaint === null) return [];
    const source = new SourceText(where, name);
    return [diagnosticAt({ source, start: 0, end: name.length }, complaint.message)];
  });
  return diagnostics.length > 0
    ? { ok: false, diagnostics: diagnostics.map((one) => ({ ...one, position: null })) }
    : read;
}

function reserved(name: string): { readonly message: string; readonly hint: null } | null {
  return magicNames.includes(name)
    ? { message: `${quoted(name)} has its value from xpush: it takes no other`, hint: null }
    : null;
}
