import * as v from 'valibot';
import { described } from './described.ts';
import { defineStep, refuse } from './step.ts';
import { worked } from './worked.ts';

const params = v.strictObject({
  that: described(
    v.union([worked, v.pipe(v.array(worked), v.nonEmpty('an expression is needed'))]),
    'An expression, or a list of them: all must be true.',
  ),
  fail_msg: v.optional(described(v.string(), 'What to say when one is not.')),
  success_msg: v.optional(described(v.string(), 'What to say when all are.')),
});

export const assert = defineStep({
  name: 'assert',
  summary: 'Fails unless expressions are true.',
  on: ['dom0', 'domU', 'host'],
  params,
  expressions: ['that'],
  readOnly: true,
  queries: () => ({}),
  plan: (_target, { that, fail_msg: failure, success_msg: success }) => {
    const wrong = [that].flat().find(({ value }) => value !== true);
    if (wrong === undefined) return { changes: [], message: success ?? null };
    const hint = typeof wrong.value === 'boolean' ? null : 'it is neither true nor false';
    return refuse(failure ?? `this is not so: ${wrong.expression}`, hint);
  },
});
