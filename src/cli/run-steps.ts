import { didYouMean } from '../source/did-you-mean.ts';
import { steps as registry } from '../steps/index.ts';
import { parametersOf } from '../steps/parameters.ts';
import type { Step } from '../steps/step.ts';
import type { StepsOptions } from './steps.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush steps` is for, and gives the exit code. */
export async function runSteps({ step: name }: StepsOptions): Promise<number> {
  if (name === undefined) {
    const width = Math.max(...registry.map((step) => step.name.length));
    const lines = registry.map((step) => `${step.name.padEnd(width)}  ${step.summary}`);
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  }
  const step = registry.find((each) => each.name === name);
  if (step === undefined) {
    const names = registry.map((each) => each.name);
    throw new UsageError(`there is no step ${JSON.stringify(name)}`, didYouMean(name, names));
  }
  process.stdout.write(`${describe(step)}\n`);
  return 0;
}

function describe(step: Step): string {
  const fields = parametersOf(step).map(
    ({ name, isOptional, description }) =>
      `  ${name}${isOptional ? '' : ' (required)'}\n      ${description}`,
  );
  return [
    `${step.name}: ${step.summary}`,
    `For: ${step.on.join(', ')}`,
    fields.length > 0 ? 'Parameters:' : 'No parameters: everything comes from the inventory.',
    ...fields,
  ].join('\n');
}
