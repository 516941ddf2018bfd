import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';
import type { Dom0, DomU } from '../inventory/model.ts';
import { livePlan, liveQueries, liveRemoval, type SeenFirewall } from '../xen/firewall-live.ts';
import { type FirewallModel, firewallModels } from '../xen/firewall-model.ts';
import { firewallRemarks, hasReversePath } from '../xen/firewall-remarks.ts';
import { bootPaths, bootWay, isOurBootFile, type Way, wayPaths } from '../xen/firewall-ways.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { memoryQueries, recall, remember } from './memory.ts';
import { defineStep, type Refusal } from './step.ts';

/** Whose FORWARD dropped nothing by itself before it was made to. */
const memories = v.strictObject({ closed: v.array(v.picklist(['iptables', 'ip6tables'])) });

const paths = [...bootPaths, ...wayPaths];

const byPath = (states: readonly FileState[]): Files =>
  new Map(states.map((state, index) => [paths[index] ?? '', state]));

/** What was asked about, which is what is wanted but of the kernel's: made once for both. */
const asked = new WeakMap<object, readonly FirewallModel[]>();

export const firewall = defineStep({
  name: 'firewall',
  network: true,
  summary: "Installs and loads dom0's forwarding rules for its guests, and makes them last.",
  on: ['dom0'],
  params: noParams,

  queries: (target) => {
    const { host, inventory } = target;
    const models = firewallModels(host, guestsOf(host, inventory));
    asked.set(target, models);
    return {
      ...liveQueries(models, host.firewall.backend),
      facts: query.firewalls(),
      release: query.parameter('kernel.osrelease'),
      network: query.network(),
      session: query.session(),
      files: paths.map((path) => query.file(path)),
      bridged: query.parameter('net.bridge.bridge-nf-call-iptables'),
      ...memoryQueries('firewall'),
    };
  },

  plan: (target, _params, seen) => {
    const { host, inventory } = target;
    const guests = guestsOf(host, inventory);
    if (!filters(host, guests)) return { ...withoutTraces(seen), message: 'nothing is filtered' };
    const kernel = { hasReversePath: hasReversePath(seen.release ?? '') };
    const known = kernel.hasReversePath ? asked.get(target) : undefined;
    const models = known ?? firewallModels(host, guests, kernel);
    const files = byPath(seen.files);
    const firewalls = seenFirewall(seen);
    const closed = recall(seen, memories)?.closed ?? [];
    const live = livePlan(host.firewall.backend, models, guests, firewalls, closed);
    if ('refusal' in live) return live;
    const way = bootWay(seen.facts, seen.network, (path) => (files.get(path) ?? absent).type);
    if ('refusal' in way) return way;
    const boot = bootChanges(way, live.script, files);
    if ('refusal' in boot) return boot;

    const owned = live.closed.length === 0 ? null : { closed: live.closed };
    const remembering = remember('firewall', owned, seen);
    // known before it is so, and forgotten once it is not
    const isNew = live.closed.length > closed.length;
    return {
      changes: [...(isNew ? remembering : []), ...live.changes, ...boot],
      upkeep: [...live.upkeep, ...(isNew ? [] : remembering)],
      message: firewallRemarks(host, guests, { ...kernel, bridged: seen.bridged }),
    };
  },

  leave: (_target, _params, seen) => withoutTraces(seen),
});

/** Whether the inventory closes anything on the dom0. */
function filters({ antispoof, firewall }: Dom0, guests: readonly DomU[]): boolean {
  return antispoof || firewall.policy === 'drop' || guests.some(({ allow }) => allow !== null);
}

interface Seen extends Pick<SeenFirewall, 'facts' | 'native'> {
  readonly live4: SeenFirewall['live'][4];
  readonly live6: SeenFirewall['live'][6];
  readonly session: { readonly peer: string | null };
  readonly files: readonly FileState[];
  readonly memory: FileState;
  readonly memories: FileState;
}

function withoutTraces(seen: Seen): { readonly changes: readonly Change[] } {
  const closed = recall(seen, memories)?.closed ?? [];
  return {
    changes: [
      ...liveRemoval(seenFirewall(seen), closed),
      ...staleFiles([], byPath(seen.files)),
      ...remember('firewall', null, seen),
    ],
  };
}

const seenFirewall = ({ facts, native, live4, live6, session }: Seen): SeenFirewall => ({
  ...{ facts, native, live: { 4: live4, 6: live6 } },
  peer: session.peer,
});

type Files = ReadonlyMap<string, FileState>;

const absent: FileState = { type: 'absent' };

/** Our files as they should be, and none of another way. */
function bootChanges(
  { directory, files }: Way,
  script: string,
  seen: Files,
): readonly Change[] | Refusal {
  const wanted = files(script);
  const writes: Change[] = [];
  for (const { path, content, mode } of wanted) {
    const state = seen.get(path) ?? absent;
    const found = editable(path, state);
    if ('refusal' in found) return found;
    writes.push(...change.writeFile(path, content, state, { effect: 'boot', mode }));
  }
  const kept = wanted.map(({ path }) => path);
  return [
    ...(directory === null ? [] : change.makeDirectory(directory, seen.get(directory) ?? absent)),
    ...writes,
    ...staleFiles(kept, seen),
  ];
}

function staleFiles(kept: readonly string[], seen: Files): readonly Change[] {
  return bootPaths.flatMap((path) => {
    const state = seen.get(path) ?? absent;
    const isStale = !kept.includes(path) && isOurBootFile(state);
    return isStale ? change.removeFile(path, state, 'boot') : [];
  });
}
