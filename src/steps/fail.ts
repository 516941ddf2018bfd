import * as v from 'valibot';
import { described } from './described.ts';
import { defineStep, refuse } from './step.ts';

const params = v.strictObject({
  msg: v.optional(described(v.string(), 'Why.'), 'the playbook says so'),
});

export const fail = defineStep({
  name: 'fail',
  summary: 'Fails, with a message.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'msg',
  readOnly: true,
  queries: () => ({}),
  plan: (_target, { msg }) => refuse(msg),
});
