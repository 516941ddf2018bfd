import { dirname } from 'node:path/posix';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { rtTablesFile, rtTablesPath } from '../xen/rt-tables-file.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { defineStep } from './step.ts';

const rtTablesDirectory = dirname(rtTablesPath);

export const rtTables = defineStep({
  name: 'rt_tables',
  summary: "Names the guest's routing tables in /etc/iproute2/rt_tables; other lines stay.",
  on: ['domU'],
  params: noParams,

  queries: () => ({ file: query.file(rtTablesPath), directory: query.file(rtTablesDirectory) }),

  plan: ({ host }, _params, { file, directory }) => {
    if (directory.type === 'absent') {
      const message = `there is no ${rtTablesDirectory}: the tables go by their numbers`;
      return { changes: [], message };
    }
    const found = editable(rtTablesPath, file);
    if ('refusal' in found) return found;
    const text = rtTablesFile(found.text, host);
    if (text === null) return { changes: [], message: 'no routing tables are needed' };
    return { changes: change.writeFile(rtTablesPath, text, file, { effect: 'boot' }) };
  },
});
