import * as v from 'valibot';
import { change, type WriteFile } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { editVifList, newConfig } from '../xen/vif-list.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { defineStep, type Refusal, refuse } from './step.ts';

export const vifConfig = defineStep({
  name: 'vif_config',
  summary: "Writes the vif list of each guest's configuration file on its dom0; no other byte.",
  on: ['dom0'],
  params: v.strictObject({
    create: v.optional(
      described(
        v.boolean(),
        'Whether a missing file is created: name and vif list only. Default: false.',
      ),
    ),
  }),

  queries: ({ host, inventory }) => ({
    files: guestsOf(host, inventory).map(({ config }) => query.file(config)),
  }),

  plan: ({ host, inventory }, { create = false }, { files }) => {
    const guests = guestsOf(host, inventory);
    const changes: WriteFile[] = [];
    for (const [index, guest] of guests.entries()) {
      const file = files[index] ?? { type: 'absent' };
      const planned = planFile(guest, file, create);
      if ('refusal' in planned) return planned;
      changes.push(...planned.changes);
    }
    const changed = new Set(changes.map(({ path }) => path));
    return {
      changes,
      pending: guests
        .filter(({ config }) => changed.has(config))
        .map(({ name }) => `the vif list of ${name} is read when it is next created`),
    };
  },
});

function planFile(
  guest: DomU,
  file: FileState,
  create: boolean,
): { readonly changes: readonly WriteFile[] } | Refusal {
  const path = guest.config;
  const found = editable(path, file);
  if ('refusal' in found) return found;
  if (found.text === null) {
    return create
      ? { changes: change.writeFile(path, newConfig(guest), file, { effect: 'boot' }) }
      : refuse(
          `${path} does not exist`,
          `create ${guest.name} first, name its file by "config:" in the inventory, or say "create: true"`,
        );
  }
  const edit = editVifList(found.text, guest);
  if (edit.kind === 'refused') return refuse(`${path}:${edit.line}: ${edit.message}`, edit.hint);
  return {
    changes:
      edit.kind === 'same' ? [] : change.writeFile(path, edit.text, file, { effect: 'boot' }),
  };
}
