import * as v from 'valibot';
import { variableName } from '../inventory/name-rules.ts';
import { defineStep } from './step.ts';
import { anything } from './worked.ts';

const params = v.pipe(
  v.objectWithRest({}, anything),
  v.check((values) => Object.keys(values).length > 0, 'a variable is needed'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const name of Object.keys(dataset.value)) {
      const complaint = variableName(name);
      if (complaint !== null) addIssue({ message: complaint.message });
    }
  }),
);

export const setFact = defineStep({
  name: 'set_fact',
  summary: 'Sets variables that the tasks behind it see.',
  on: ['dom0', 'domU', 'host'],
  params,
  queries: () => ({}),
  plan: (_target, values) => ({ changes: [], sets: values }),
});
