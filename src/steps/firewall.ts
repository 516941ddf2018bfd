import { dirname } from 'node:path/posix';
import { change, type SwapChains } from '../host/change.ts';
import { type ChainsState, query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import {
  chains,
  type DesiredFirewall,
  desiredFirewall,
  missingKeepRules,
} from '../xen/firewall.ts';
import { firewallHook, firewallHookPath } from '../xen/firewall-boot.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { defineStep, refuse } from './step.ts';

const hookDirectory = dirname(firewallHookPath);

export const firewall = defineStep({
  name: 'firewall',
  summary: "Installs and loads dom0's forwarding rules for its guests, and makes them last.",
  on: ['dom0'],
  params: noParams,

  queries: () => ({
    live: query.chains(4, 'FORWARD', ...Object.values(chains)),
    hook: query.file(firewallHookPath),
    hooks: query.file(hookDirectory),
    session: query.session(),
  }),

  plan: ({ host, inventory }, _params, { live, hook, hooks, session }) => {
    if (hooks.type !== 'directory') {
      return refuse(
        `there is no ${hookDirectory} to load the rules from at boot`,
        'install ifupdown on the dom0; other ways come with a later version of xpush',
      );
    }
    const found = editable(firewallHookPath, hook);
    if ('refusal' in found) return found;
    const guests = guestsOf(host, inventory);
    const desired = desiredFirewall(host, guests);
    const keep = keepRules(desired, live, session.peer, guests);
    const swap = swapOf(desired, keep, live);
    return {
      changes: [
        ...swap,
        ...change.writeFile(firewallHookPath, firewallHook(desired), hook, {
          effect: 'boot',
          mode: 0o755,
        }),
      ],
      upkeep: swap.length === 0 ? upkeepOf(keep, live) : [],
      message: desired.policies.has('FORWARD')
        ? 'FORWARD drops: guests that the inventory does not name are closed'
        : null,
    };
  },
});

/** What XPUSH-KEEP holds once this session's peer is among them; null when nothing needs it. */
function keepRules(
  desired: DesiredFirewall,
  live: ChainsState,
  peer: string | null,
  guests: readonly DomU[],
): readonly string[] | null {
  if (!desired.needsKeep) return null;
  const existing = live.chains.get(chains.keep) ?? [];
  return [...existing, ...missingKeepRules(existing, peer, guests)];
}

/** All our chains in one swap; none when they are as they should be. */
function swapOf(
  desired: DesiredFirewall,
  keep: readonly string[] | null,
  live: ChainsState,
): readonly SwapChains[] {
  const wanted = new Set([...desired.chains.keys(), ...(keep === null ? [] : [chains.keep])]);
  const removed = Object.values(chains).filter(
    (name) => live.chains.has(name) && !wanted.has(name),
  );
  const isSame =
    removed.length === 0 &&
    [...desired.chains].every(([name, rules]) => isEqual(live.chains.get(name), rules)) &&
    (keep === null || live.chains.has(chains.keep)) &&
    [...desired.policies].every(([name, policy]) => live.policies.get(name) === policy) &&
    desired.jumps.every(({ from, to }) => jumpsOnceAndFirst(live.chains.get(from) ?? [], to));
  if (isSame) return [];
  return [
    {
      kind: 'chains',
      effect: 'live',
      family: 4,
      chains: new Map([
        ...(keep === null ? [] : ([[chains.keep, keep]] as const)),
        ...desired.chains,
      ]),
      removed,
      jumps: desired.jumps,
      policies: desired.policies,
      before: live,
    },
  ];
}

/** Another operator's address is let in without being a difference from what is described. */
function upkeepOf(keep: readonly string[] | null, live: ChainsState): readonly SwapChains[] {
  if (keep === null || isEqual(live.chains.get(chains.keep), keep)) return [];
  return [
    {
      kind: 'chains',
      effect: 'live',
      family: 4,
      chains: new Map([[chains.keep, keep]]),
      removed: [],
      jumps: [],
      policies: new Map(),
      before: live,
    },
  ];
}

function jumpsOnceAndFirst(rules: readonly string[], to: string): boolean {
  return rules.lastIndexOf(`-j ${to}`) === 0;
}

function isEqual(live: readonly string[] | undefined, rules: readonly string[]): boolean {
  return live?.length === rules.length && rules.every((rule, index) => live[index] === rule);
}
