import { type Change, change } from '../host/change.ts';
import { type FileState, type Listing, query, type Route } from '../host/query.ts';
import {
  type ObservedVifs,
  ownedProxiesSchema,
  planVifRoutes,
  type RoutedAddress,
  routedAddresses,
} from '../xen/vif-routes.ts';
import {
  addressFile,
  addressFilePath,
  hookDirectory,
  hookFile,
  hookPath,
  isOwnFile,
  runsHooks,
  vifRoutePath,
} from '../xen/vif-routes-files.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { guestsOf } from './guests.ts';
import { memoryPath, memoryQueries, recall, remember } from './memory.ts';
import { defineStep, type Plan, type Refusal, refuse, type Target } from './step.ts';

const name = 'vif_routes';

export const vifRoutes = defineStep({
  name,
  network: true,
  summary: "Routes the guests' IPv6 addresses to their vifs, now and whenever a vif comes.",
  on: ['dom0'],
  params: noParams,

  queries: (target) => {
    const isWanted = wantedBy(target).length > 0;
    const live = {
      interfaces: query.interfaces(),
      routes: query.routes(6),
      proxies: query.proxies(),
    };
    const path = memoryPath(name);
    const left = {
      interfaces: query.ifThere(path, live.interfaces),
      routes: query.ifThere(path, live.routes),
      proxies: query.ifThere(path, live.proxies),
    };
    return {
      ...(isWanted ? live : left),
      xen: isWanted ? [query.domains()] : [],
      addresses: query.file(addressFilePath),
      hook: query.file(hookPath),
      hooks: query.file(hookDirectory),
      vifRoute: query.file(vifRoutePath),
      ...memoryQueries(name),
    };
  },

  plan: (target, _params, seen) => {
    const wanted = wantedBy(target);
    if (wanted.length === 0) {
      const left = leaveAll(seen);
      const isNothing = 'changes' in left && left.changes.length === 0;
      return isNothing ? { ...left, message: 'no guest of it has IPv6 behind vif-route' } : left;
    }
    const { proxies } = seen;
    const problem = problemOf(wanted, seen);
    if (problem !== null) return problem;
    if (proxies === null) {
      return refuse("busybox's ip knows no proxy neighbours", 'install iproute2 on the dom0');
    }
    const observed = { ...seen, proxies, routes: seen.routes.entries, ...(seen.xen[0] ?? noXen) };
    const former = recall(seen, ownedProxiesSchema) ?? [];
    const { operations, owned, pending } = planVifRoutes(wanted, observed, former);
    return {
      changes: [
        ...routing(operations, seen.routes),
        ...change.writeFile(addressFilePath, addressFile(wanted), seen.addresses, {
          effect: 'boot',
        }),
        ...change.makeDirectory(hookDirectory, seen.hooks),
        ...change.writeFile(hookPath, hookFile, seen.hook, { effect: 'boot', mode: 0o755 }),
      ],
      upkeep: remember(name, owned.length === 0 ? null : owned, seen),
      pending,
    };
  },

  leave: (_target, _params, seen) => leaveAll(seen),
});

const noXen = { domains: null };

const wantedBy = ({ host, inventory }: Target<'dom0'>): readonly RoutedAddress[] =>
  routedAddresses(host, guestsOf(host, inventory));

interface Seen {
  readonly interfaces: ObservedVifs['interfaces'];
  readonly routes: Listing<Route>;
  readonly proxies: ObservedVifs['proxies'] | null;
  readonly addresses: FileState;
  readonly hook: FileState;
  readonly vifRoute: FileState;
  readonly memory: FileState;
  readonly memories: FileState;
}

/** Why it can't be done here. */
function problemOf(wanted: readonly RoutedAddress[], seen: Seen): Refusal | null {
  for (const [path, file] of [
    [addressFilePath, seen.addresses],
    [hookPath, seen.hook],
    [vifRoutePath, seen.vifRoute],
  ] as const) {
    const found = editable(path, file);
    if ('refusal' in found) return found;
    if (path !== vifRoutePath) continue;
    if (found.text === null) {
      return refuse(`there is no ${vifRoutePath} that could bring the routes at boot`, dom0Hint);
    }
    if (!runsHooks(found.text)) {
      return refuse(
        `${vifRoutePath} runs no hooks in ${hookDirectory}: IPv6 would be gone when a guest next starts`,
        `use a newer Xen (4.17 has them), or give the guests with IPv6 "script: vif-bridge"`,
      );
    }
  }
  const uplink = wanted.find((each) => !seen.interfaces.some((link) => link.name === each.uplink));
  return uplink === undefined
    ? null
    : refuse(
        `there is no interface ${uplink.uplink} to answer for ${uplink.ip} on`,
        'check "uplink" of the dom0, or "gatewaydev" of the vif',
      );
}

const dom0Hint = `is it a dom0? Debian has it in xen-utils-common`;

/** What an earlier run made goes; a directory of hooks that others may use stays. */
function leaveAll(seen: Seen): Plan | Refusal {
  const former = recall(seen, ownedProxiesSchema) ?? [];
  const observed = { ...seen, routes: seen.routes.entries, proxies: seen.proxies ?? [] };
  const { operations } = planVifRoutes([], { ...observed, domains: [] }, former);
  return {
    changes: [
      ...(isOurs(seen.hook) ? change.removeFile(hookPath, seen.hook, 'boot') : []),
      ...(isOurs(seen.addresses) ? change.removeFile(addressFilePath, seen.addresses, 'boot') : []),
      ...routing(operations, seen.routes),
    ],
    upkeep: remember(name, null, seen),
  };
}

const isOurs = (file: FileState): boolean =>
  file.type === 'file' && file.content !== null && isOwnFile(file.content);

function routing(
  operations: Parameters<typeof change.routing>[1],
  routes: Listing<Route>,
): readonly Change[] {
  const rules = { entries: [], fingerprint: null };
  return change.routing(6, operations, { rules, routes });
}
