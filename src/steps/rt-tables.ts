import { dirname } from 'node:path/posix';
import { change } from '../host/change.ts';
import { type Answers, query } from '../host/query.ts';
import {
  rtTablesFile,
  rtTablesPath,
  type TableName,
  tableNames,
  tableNamesSchema,
} from '../xen/rt-tables-file.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { memoryQueries, recall, remember } from './memory.ts';
import { defineStep, type Plan, type Refusal } from './step.ts';

const name = 'rt_tables';
const rtTablesDirectory = dirname(rtTablesPath);

export const rtTables = defineStep({
  name,
  network: true,
  summary: "Names the guest's routing tables in /etc/iproute2/rt_tables; other lines stay.",
  on: ['domU'],
  params: noParams,

  queries: () => ({
    file: query.file(rtTablesPath),
    directory: query.file(rtTablesDirectory),
    ...memoryQueries(name),
  }),

  plan: ({ host }, _params, seen) => {
    if (seen.directory.type === 'absent') {
      const message = `there is no ${rtTablesDirectory}: the tables go by their numbers`;
      return { changes: [], message };
    }
    return writeNames(tableNames(host), recall(seen, tableNamesSchema) ?? [], seen);
  },

  leave: ({ host }, _params, seen) => {
    const former = recall(seen, tableNamesSchema) ?? [];
    return writeNames([], [...former, ...tableNames(host)], seen);
  },
});

function writeNames(
  wanted: readonly TableName[],
  former: readonly TableName[],
  seen: Readonly<Record<'file' | 'memory' | 'memories', Answers['file']>>,
): Plan | Refusal {
  const found = editable(rtTablesPath, seen.file);
  if ('refusal' in found) return found;
  const text = rtTablesFile(found.text, wanted, former);
  const upkeep = remember(name, wanted.length === 0 ? null : wanted, seen);
  if (text === null) return { changes: [], upkeep, message: 'no routing tables are needed' };
  const changes = change.writeFile(rtTablesPath, text, seen.file, { effect: 'boot' });
  return { changes, upkeep };
}
