import * as v from 'valibot';
import { type Change, change, type WriteFile } from '../host/change.ts';
import { type DomainFacts, type FileState, query } from '../host/query.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { differenceOf, runningDomain } from '../xen/running-vifs.ts';
import { desiredVifEntry } from '../xen/vif-entry.ts';
import { editVifList, newConfig } from '../xen/vif-list.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { memoryQueries, recall, remember } from './memory.ts';
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
    attach: v.optional(
      described(
        v.boolean(),
        'Whether vifs that a running guest does not have yet are attached to it now. Default: false.',
      ),
    ),
  }),

  queries: (target) => {
    const guests = listed(target);
    return {
      files: guests.map(({ config }) => query.file(config)),
      xen: guests.length === 0 ? [] : [query.domains()],
      ...memoryQueries('vif_config'),
    };
  },

  plan: (target, { create = false, attach = false }, { files, xen: [xen], ...memories }) => {
    const planned = listed(target).map((guest, index) => {
      const file = files[index] ?? { type: 'absent' };
      return { guest, file, plan: planFile(guest, file, create) };
    });
    const refusals = planned.flatMap(({ plan }) => ('refusal' in plan ? [plan] : []));
    if (refusals.length > 0) return together(refusals);

    const edits = planned.flatMap(({ guest, file, plan }) =>
      'changes' in plan ? [{ guest, file, changes: plan.changes }] : [],
    );
    const afterwards = edits.map(({ guest, file, changes }) => {
      const text = changes[0]?.content ?? (file.type === 'file' ? file.content : null);
      return whatRuns(guest, { text, isChanged: changes.length > 0, attach }, xen ?? null);
    });
    const configs = listed(target).map(({ config }) => config);
    const left = (recall(memories, remembered)?.configs ?? []).filter(
      (path) => !configs.includes(path),
    );
    return {
      changes: [
        ...edits.flatMap(({ changes }) => changes),
        ...afterwards.flatMap(({ commands }) => commands),
      ],
      upkeep: remember('vif_config', configs.length === 0 ? null : { configs }, memories),
      pending: afterwards.flatMap(({ pending }) => pending),
      message:
        left.length === 0
          ? null
          : `${named(left)}: no guest of the inventory any more; left as it is`,
    };
  },

  leave: (_target, _params, { memory, memories }) => ({
    changes: remember('vif_config', null, { memory, memories }),
    message: memory.type === 'absent' ? null : 'vif lists stay as they are',
  }),
});

/** Files whose lists are ours. */
const remembered = v.object({
  configs: v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096))), v.maxLength(1024)),
});

const mostNamed = 5;

const named = (paths: readonly string[]): string =>
  [
    ...paths.slice(0, mostNamed),
    ...(paths.length > mostNamed ? [`${paths.length - mostNamed} more`] : []),
  ].join(', ');

interface ListNow {
  /** Of the file, once it is written. */
  readonly text: string | null;
  readonly isChanged: boolean;
  readonly attach: boolean;
}

/** What a running guest has not read yet: attached now, or pending until it is next created. */
function whatRuns(
  guest: DomU,
  { text, isChanged, attach }: ListNow,
  xen: DomainFacts | null,
): { readonly commands: readonly Change[]; readonly pending: readonly string[] } {
  const pending = [`the vif list of ${guest.name} is read when it is next created`];
  if (xen === null || xen.domains === null) {
    return { commands: [], pending: isChanged ? pending : [] };
  }
  const domain = runningDomain(guest, text, xen.domains);
  const difference = domain === null ? null : differenceOf(guest, domain);
  if (difference === null) return { commands: [], pending: [] };

  const { toolstack } = xen;
  const attached = attach && toolstack !== null ? difference.missing : [];
  return {
    commands: attached.map((vif) =>
      change.command(
        [toolstack ?? 'xl', 'network-attach', `${difference.domain.id}`, ...attachWords(vif)],
        null,
      ),
    ),
    pending: difference.hasOthers || attached.length < difference.missing.length ? pending : [],
  };
}

/** `key=value` words as `xl network-attach` and `xm network-attach` take them (xl(1)). */
function attachWords(vif: Vif): readonly string[] {
  return [...desiredVifEntry(vif, null)].map(([key, value]) => `${key}=${value}`);
}

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
