import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { iftabFile, iftabPath } from '../xen/iftab.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { defineStep } from './step.ts';

export const iftab = defineStep({
  name: 'iftab',
  summary: "Ties the guest's interface names to MACs in /etc/iftab; other lines stay.",
  on: ['domU'],
  params: noParams,

  queries: () => ({ file: query.file(iftabPath), ifrename: query.tool('ifrename') }),

  plan: ({ host }, _params, { file, ifrename }) => {
    if (host.names === 'none')
      return { changes: [], message: 'names are left alone (names: none)' };
    if (host.names === null && !ifrename && file.type === 'absent') {
      return {
        changes: [],
        message: `nothing here reads ${iftabPath}: names are left alone; "names: iftab" writes it all the same`,
      };
    }
    const found = editable(iftabPath, file);
    if ('refusal' in found) return found;
    const text = iftabFile(found.text, host);
    if (text === null) return { changes: [], message: 'the guest has no vifs' };
    return { changes: change.writeFile(iftabPath, text, file, { effect: 'boot' }) };
  },
});
