import * as v from 'valibot';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { hostPath } from './host-path.ts';
import { defineStep, refuse } from './step.ts';

const params = v.strictObject({
  src: described(hostPath, 'The file; a symbolic link is followed.'),
});

export const slurp = defineStep({
  name: 'slurp',
  summary: 'Reads a file of the host into a variable.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'src',
  queries: (_target, { src }) => ({ file: query.file(src) }),
  plan: (_target, { src }, { file }) => {
    const read = editable(src, file);
    if ('refusal' in read) return read;
    if (read.text === null) return refuse(`${src} does not exist`);
    const content = Buffer.from(read.text, 'latin1').toString('base64');
    return { changes: [], data: { content, encoding: 'base64', source: src } };
  },
});
