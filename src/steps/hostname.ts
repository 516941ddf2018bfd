import * as v from 'valibot';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { defineStep } from './step.ts';

const hostnamePath = '/etc/hostname';
const parameter = 'kernel.hostname';

const params = v.strictObject({
  name: described(
    v.pipe(
      v.string(),
      v.maxLength(64, 'a host has a name of at most 64 characters'),
      v.regex(
        /^(?:[A-Za-z\d](?:[A-Za-z\d-]{0,61}[A-Za-z\d])?)(?:\.[A-Za-z\d](?:[A-Za-z\d-]{0,61}[A-Za-z\d])?)*$/,
        'not the name of a host\nletters, digits and "-", perhaps with dots between',
      ),
    ),
    'The name.',
  ),
});

export const hostname = defineStep({
  name: 'hostname',
  summary: 'Gives the host its name, now and at every boot.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'name',

  queries: () => ({ file: query.file(hostnamePath), live: query.parameter(parameter) }),

  plan: (_target, { name }, { file, live }) => {
    const found = editable(hostnamePath, file);
    if ('refusal' in found) return found;
    // comments and empty lines are allowed (hostname(5)); what says the same stays
    const said = (found.text ?? '').split('\n').find((line) => !/^\s*(?:#|$)/.test(line));
    return {
      changes: [
        ...(said?.trim() === name
          ? []
          : change.writeFile(hostnamePath, `${name}\n`, file, { effect: 'boot' })),
        ...(live === null ? [] : change.setParameter(parameter, name, live)),
      ],
    };
  },
});
