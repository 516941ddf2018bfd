import * as v from 'valibot';
import type { Step } from './step.ts';

/** A parameter of a step, as the reference and `xpush steps` show it. */
export interface Parameter {
  readonly name: string;
  readonly isOptional: boolean;
  readonly description: string;
}

/** The parameters of a step in the order of its schema. */
export function parametersOf(step: Step): readonly Parameter[] {
  // those that are known only to be refused are none
  const taken = Object.entries(step.params.entries).filter(
    ([, schema]) => inner(schema).type !== 'never',
  );
  return taken.map(([name, schema]) => ({
    name,
    isOptional: schema.type === 'optional',
    description: v.getDescription(schema) ?? v.getDescription(inner(schema)) ?? '',
  }));
}

function inner(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? (schema.wrapped as v.GenericSchema) : schema;
}
