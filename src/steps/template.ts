import * as v from 'valibot';
import { change } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import { query } from '../host/query.ts';
import { controllerTemplate } from './controller-files.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, refuse } from './step.ts';

const params = v.strictObject({
  src: described(
    controllerTemplate,
    'A template of the controller, relative to the playbook, or in `templates` of the role.',
  ),
  dest: described(
    v.pipe(
      hostPath,
      v.check((path) => !path.endsWith('/'), 'a template needs the name of a file'),
    ),
    'The file that it makes on the host.',
  ),
  mode: v.optional(
    described(
      v.pipe(
        v.string(),
        v.regex(/^[0-7]{3,4}$/, "a mode has three or four octal digits\nsuch as '0644'"),
      ),
      'Permissions in octal. Default: as they are on the host, `0644` for a new file.',
    ),
  ),
});

export const template = defineStep({
  name: 'template',
  summary: 'Writes a file that is made from a template of the controller.',
  on: ['dom0', 'domU', 'host'],
  params,
  queries: (_target, { dest }) => ({
    file: query.file(dest),
    above: query.file(dest.replace(/\/[^/]*$/, '') || '/'),
  }),
  plan: (_target, { src, dest, mode }, { file, above }) => {
    if (above.type === 'absent') return refuse(`the directory of ${dest} does not exist`);
    if (file.type !== 'absent' && file.type !== 'file') {
      return refuse(`${dest} is no file that can be replaced (it is ${file.type})`);
    }
    const bits = mode === undefined ? {} : { mode: Number.parseInt(mode, 8) };
    const options = { effect: 'boot', ...bits } as const;
    return { changes: change.writeFile(dest, asBytes(src.text), file, options) };
  },
});
