import * as v from 'valibot';
import { change, type WriteFile } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { editVifList, newConfig } from '../xen/vif-list.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { defineStep, type Refusal, refuse, type Target } from './step.ts';

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

  queries: (target) => ({ files: listed(target).map(({ config }) => query.file(config)) }),

  plan: (target, { create = false }, { files }) => {
    const planned = listed(target).map((guest, index) => {
      return { guest, plan: planFile(guest, files[index] ?? { type: 'absent' }, create) };
    });
    const refusals = planned.flatMap(({ plan }) => ('refusal' in plan ? [plan] : []));
    if (refusals.length > 0) return together(refusals);

    const changed = planned.flatMap(({ guest, plan }) =>
      'changes' in plan && plan.changes.length > 0 ? [{ guest, changes: plan.changes }] : [],
    );
    return {
      changes: changed.flatMap(({ changes }) => changes),
      pending: changed.map(
        ({ guest }) => `the vif list of ${guest.name} is read when it is next created`,
      ),
    };
  },
});

/** The guests whose vifs the inventory names; the lists of others are none of its business. */
function listed({ host, inventory }: Target<'dom0'>): readonly DomU[] {
  return guestsOf(host, inventory).filter(({ vifs }) => vifs.length > 0);
}

/** Several refusals as one: nobody wants to be told of one file a run. */
function together(refusals: readonly Refusal[]): Refusal {
  const hints = new Set(refusals.flatMap(({ hint }) => hint ?? []));
  return refuse(refusals.map(({ refusal }) => refusal).join('\n'), [...hints].join('; ') || null);
}

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
          'create the guest first, name its file by "config:" in the inventory, or say "create: true"',
        );
  }
  const edit = editVifList(found.text, guest);
  if (edit.kind === 'refused') return refuse(`${path}:${edit.line}: ${edit.message}`, edit.hint);
  return {
    changes:
      edit.kind === 'same' ? [] : change.writeFile(path, edit.text, file, { effect: 'boot' }),
  };
}
