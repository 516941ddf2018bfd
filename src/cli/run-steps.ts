import { relative } from 'node:path';
import { type ProjectStep, projectSteps } from '../playbook/project-steps.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { steps as registry } from '../steps/index.ts';
import { parametersOf } from '../steps/parameters.ts';
import type { Step } from '../steps/step.ts';
import type { StepsOptions } from './steps.ts';
import { playbookSchemaWith } from './steps-schema.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush steps` is for, and gives the exit code. Throws `ConfigError` for steps of the user's that are wrong. */
export async function runSteps({ step: name, schema }: StepsOptions): Promise<number> {
  if (schema && name !== undefined) throw new UsageError('--schema is of all steps');
  const known = registry.find((each) => each.name === name);
  if (known !== undefined) return show(describe(known, []));
  const own = ownSteps();
  if (schema) {
    const everywhere = own.flatMap(({ step, role }) => (role === null ? [step] : []));
    return show(JSON.stringify(playbookSchemaWith(everywhere), null, 1));
  }
  if (name === undefined) return show(list(own).join('\n'));
  const found = own.filter((each) => each.step.name === name);
  if (found.length === 0) {
    const names = [...registry, ...own.map(({ step }) => step)].map((each) => each.name);
    throw new UsageError(`there is no step ${JSON.stringify(name)}`, didYouMean(name, names));
  }
  return show(
    found.map((one) => describe(one.step, [`Written in: ${writtenIn(one)}`])).join('\n\n'),
  );
}

function show(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** Those of the current directory. */
function ownSteps(): readonly ProjectStep[] {
  const own = projectSteps(process.cwd());
  if (!own.ok) throw new ConfigError(own.diagnostics);
  return own.value;
}

function list(own: readonly ProjectStep[]): readonly string[] {
  const width = Math.max(
    ...[...registry, ...own.map(({ step }) => step)].map(({ name }) => name.length),
  );
  const line = ({ name, summary }: Step) => `${name.padEnd(width)}  ${escapeControls(summary)}`;
  const lines = registry.map(line);
  if (own.length === 0) return lines;
  const mine = own.map((one) => `${line(one.step)} (${writtenIn(one)})`);
  return [...lines, '', 'Of your own:', ...mine];
}

function writtenIn({ place, role }: ProjectStep): string {
  const file = escapeControls(relative(process.cwd(), place.source.file));
  return role === null ? file : `${file}, for that role's tasks`;
}

function describe(step: Step, more: readonly string[]): string {
  const fields = parametersOf(step).map(
    ({ name, isOptional, description }) =>
      `  ${name}${isOptional ? '' : ' (required)'}\n      ${escapeControls(description)}`,
  );
  const none = more.length === 0 ? ': everything comes from the inventory' : '';
  return [
    `${step.name}: ${escapeControls(step.summary)}`,
    ...more,
    `For: ${step.on.join(', ')}`,
    fields.length > 0 ? 'Parameters:' : `No parameters${none}.`,
    ...fields,
  ].join('\n');
}
