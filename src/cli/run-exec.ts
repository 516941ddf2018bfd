import { join } from 'node:path';
import { planHosts } from '../engine/plays.ts';
import { parsePlaybook } from '../playbook/load-playbook.ts';
import { withOwnSteps } from '../playbook/own-steps.ts';
import { PlaybookFiles } from '../playbook/playbook-files.ts';
import { secretsUsed } from '../playbook/secrets-used.ts';
import { builtInSteps } from '../playbook/step-book.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import type { Result } from '../source/result.ts';
import type { MapEntry, SourceNode } from '../source/source-node.ts';
import { diagnosticAt, SourceText } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import type { Step } from '../steps/step.ts';
import { carryOut } from './carry-out.ts';
import type { ExecOptions } from './exec.ts';
import { readExtraVars } from './extra-vars.ts';
import { readInventory } from './load.ts';
import { unlocking } from './read-books.ts';
import { secretStore } from './secrets.ts';
import { type SourceFile, sourceFile } from './sources.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush exec` is for, and gives the exit code. */
export async function runExec({
  inventory: argument,
  pattern,
  step: name,
  parameter,
  ...options
}: ExecOptions): Promise<number> {
  const files = new PlaybookFiles();
  const known = ok(withOwnSteps(builtInSteps, process.cwd(), files));
  const step = known.get(name)?.step;
  if (step === undefined) {
    const hint = didYouMean(name, known.keys()) ?? 'see xpush steps';
    throw new UsageError(`there is no step ${JSON.stringify(name)}`, hint);
  }
  const store = secretStore(options);
  const words = options['extra-vars'];
  const extraVars = ok(await unlocking(files, store, () => readExtraVars(words, files)));
  const node = playbookOf(pattern, step, parameter);
  const { plays } = ok(parsePlaybook(ok(node), join(process.cwd(), 'exec'), { extraVars, files }));
  const read: SourceFile[] = [];
  const inventory = await readInventory(argument, store, (file, content) =>
    read.push(sourceFile(file, content)),
  );
  const hosted = planHosts(plays, inventory, null);
  await store.settle(secretsUsed(hosted.plays, inventory));
  const sources = { inventory: { argument, files: read }, playbooks: [] };
  return carryOut(options, { sources, ...hosted }, { takesLimit: false });
}

/** A playbook of one task. */
function playbookOf(
  pattern: string,
  step: Step,
  parameters: readonly string[],
): Result<SourceNode> {
  const params = paramsOf(step, parameters);
  if (!params.ok) return params;
  const task = mapOf([
    ['name', textNode(step.name, 'exec')],
    [step.name, params.value],
  ]);
  const play = mapOf([
    ['hosts', textNode(pattern, 'pattern')],
    ['tasks', listOf([task])],
  ]);
  return { ok: true, value: listOf([play]) };
}

function paramsOf(step: Step, parameters: readonly string[]): Result<SourceNode> {
  const [only, ...more] = parameters;
  if (only === undefined) return { ok: true, value: mapOf([]) };
  if (more.length === 0 && step.shorthand !== null && !/^[a-z_]+=/.test(only)) {
    return { ok: true, value: textNode(only, step.name) };
  }
  const entries = parameters.map((word): Result<readonly [string, SourceNode]> => {
    const end = word.indexOf('=');
    if (end < 1) {
      const { place } = textNode(word, step.name);
      return { ok: false, diagnostics: [diagnosticAt(place, 'a parameter is name=value')] };
    }
    const name = word.slice(0, end);
    return { ok: true, value: [name, valueOfWord(step, name, word.slice(end + 1))] };
  });
  const diagnostics = entries.flatMap((one) => (one.ok ? [] : one.diagnostics));
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const read = entries.flatMap((one) => (one.ok ? [one.value] : []));
  const twice = read.find(([name], index) => read.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) {
    const { place } = textNode(twice[0], step.name);
    return { ok: false, diagnostics: [diagnosticAt(place, 'a parameter is given twice')] };
  }
  return { ok: true, value: mapOf(read) };
}

/** What a value is in YAML; what is no scalar, list or map there, or must be a text, is the text itself. */
function valueOfWord(step: Step, name: string, value: string): SourceNode {
  const asText = textNode(value, name);
  const parsed = parseYaml(value, name, { takesSecrets: true });
  if (!parsed.ok || value.trim() === '') return asText;
  if (parsed.value.kind !== 'scalar') return /^\s*[[{!]/.test(value) ? parsed.value : asText;
  // blanks around a text are part of it
  if (typeof parsed.value.value === 'string') return /^["']/.test(value) ? parsed.value : asText;
  const schema = step.params.entries[name];
  if (schema === undefined) return parsed.value;
  const { place } = asText;
  const mustBeText =
    !validate(schema, parsed.value, place).ok && validate(schema, asText, place).ok;
  return mustBeText ? asText : parsed.value;
}

/** @param file how messages call where it is written */
function textNode(value: string, file: string): SourceNode {
  const source = new SourceText(file, value);
  return { kind: 'scalar', value, place: { source, start: 0, end: value.length } };
}

function mapOf(entries: readonly (readonly [string, SourceNode])[]): SourceNode {
  const { place } = textNode('', 'exec');
  const all = entries.map(([name, value]): [string, MapEntry] => {
    return [name, { key: textNode(name, 'exec').place, value }];
  });
  return { kind: 'map', entries: new Map(all), place };
}

function listOf(items: readonly SourceNode[]): SourceNode {
  return { kind: 'list', items, place: textNode('', 'exec').place };
}

function ok<T>(result: Result<T>): T {
  if (!result.ok) throw new ConfigError(result.diagnostics);
  return result.value;
}
