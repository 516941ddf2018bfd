import * as v from 'valibot';
import { query } from '../host/query.ts';
import { controllerTemplate } from './controller-files.ts';
import { fileChanges, placing } from './copied-file.ts';
import { described } from './described.ts';
import { fileMode } from './file-mode.ts';
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
      fileMode,
      'Permissions, in octal or as chmod takes them. Default: as they are on the host, `0644` for a new file.',
    ),
  ),
  ...placing,
});

export const template = defineStep({
  name: 'template',
  summary: 'Writes a file that is made from a template of the controller.',
  on: ['dom0', 'domU', 'host'],
  params,
  queries: (_target, { dest, owner, group }) => ({
    file: query.file(dest),
    above: query.file(dest.replace(/\/[^/]*$/, '') || '/'),
    entries: owner === undefined && group === undefined ? [] : [query.entry(dest)],
  }),
  plan: (_target, given, { file, above, entries }) => {
    const { src, dest, ...wanted } = given;
    if (above.type === 'absent') return refuse(`the directory of ${dest} does not exist`);
    if (file.type !== 'absent' && file.type !== 'file') {
      return refuse(`${dest} is no file that can be replaced (it is ${file.type})`);
    }
    const [entry = null] = entries;
    const made = fileChanges(
      { ...wanted, content: src.text, isSecret: src.isSecret },
      { path: dest, file: null, remote: null, state: file, entry },
    );
    if ('refusal' in made) return made;
    const { changes, backupFile } = made;
    return { changes, data: { dest, ...(backupFile === null ? {} : { backup_file: backupFile }) } };
  },
});
