import * as v from 'valibot';
import { described } from './described.ts';
import { defineStep } from './step.ts';
import { anything, worked } from './worked.ts';

const params = v.pipe(
  v.strictObject({
    msg: v.optional(described(anything, 'What to show: a text, or any value.')),
    var: v.optional(described(worked, 'An expression whose value is shown, such as a variable.')),
  }),
  v.check(
    ({ msg, var: asked }) => (msg === undefined) !== (asked === undefined),
    'exactly one of "msg" and "var" is needed',
  ),
);

export const debug = defineStep({
  name: 'debug',
  summary: 'Shows a value.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'msg',
  expressions: ['var'],
  readOnly: true,
  queries: () => ({}),
  plan: (_target, { msg, var: asked }) => ({
    changes: [],
    message: asked === undefined ? shown(msg) : `${asked.expression}: ${shown(asked.value)}`,
  }),
});

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
