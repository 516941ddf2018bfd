import { change } from '../host/change.ts';
import { type Family, type Listing, query, type Route, type Rule } from '../host/query.ts';
import { families } from '../xen/routing.ts';
import { planDeparture } from '../xen/routing-departure.ts';
import { mergeOwned, nothingOwned, ownedRoutingSchema } from '../xen/routing-memory.ts';
import { planRouting } from '../xen/routing-plan.ts';
import { noParams } from './described.ts';
import { memoryQueries, recall, remember } from './memory.ts';
import { defineStep, type Plan, type Refusal, refuse } from './step.ts';

/** Of rules, and of differences: planning compares each with all others, and no guest has as many. */
const mostCompared = 4096;

const name = 'ip_rules';

export const ipRules = defineStep({
  name,
  network: true,
  summary: "Brings the guest's addresses, routing tables and rules live, by difference.",
  on: ['domU'],
  params: noParams,

  queries: () => ({
    interfaces: query.interfaces(),
    rules: families.map(query.rules),
    routes: families.map(query.routes),
    session: query.session(),
    release: query.parameter('kernel.osrelease'),
    ...memoryQueries(name),
  }),

  plan: ({ host }, _params, seen) => {
    const owned = recall(seen, ownedRoutingSchema) ?? nothingOwned;
    const plans = planEach(seen, (family, rules, routes) =>
      planRouting(
        host,
        { interfaces: seen.interfaces, rules, routes },
        {
          ...{ family, owned, arrival: seen.session.address },
          needsOnlink: isOlderThan(seen.release, 4, 3),
        },
      ),
    );
    if ('refusal' in plans) return plans;
    return {
      changes: plans.changes,
      upkeep: remember(name, mergeOwned(...plans.made.map((made) => made.owned)), seen),
      pending: [...new Set(plans.made.flatMap(({ pending }) => pending))],
    };
  },

  leave: ({ host }, _params, seen) => {
    const owned = recall(seen, ownedRoutingSchema) ?? nothingOwned;
    const plans = planEach(seen, (_family, rules, routes) => ({
      operations: planDeparture(host, { rules, routes }, owned.tables),
    }));
    if ('refusal' in plans) return plans;
    return { changes: plans.changes, upkeep: remember(name, null, seen) };
  },
});

interface Listings {
  readonly rules: readonly Listing<Rule>[];
  readonly routes: readonly Listing<Route>[];
}

/** A plan for each family, and the changes that they come to. */
function planEach<Made extends Pick<ReturnType<typeof planRouting>, 'operations'>>(
  seen: Listings,
  plan: (family: Family, rules: readonly Rule[], routes: readonly Route[]) => Made,
): (Pick<Plan, 'changes'> & { readonly made: readonly Made[] }) | Refusal {
  const each = families.flatMap((family, index) => {
    const [rules, routes] = [seen.rules[index], seen.routes[index]];
    return rules === undefined || routes === undefined ? [] : [{ family, rules, routes }];
  });
  const most = Math.max(...each.map(({ rules }) => rules.entries.length));
  if (most > mostCompared) return tooMany(`${most} rules`);
  const made = each.map(({ family, rules, routes }) => plan(family, rules.entries, routes.entries));
  const longest = Math.max(...made.map(({ operations }) => operations.length));
  if (longest > mostCompared) return tooMany(`${longest} differences`);
  const changes = each.flatMap(({ family, rules, routes }, index) =>
    change.routing(family, made[index]?.operations ?? [], { rules, routes }),
  );
  return { changes, made };
}

/** Whether a kernel's release (`3.16.0-4-amd64`) comes before a version; false when it does not tell. */
function isOlderThan(release: string | null, major: number, minor: number): boolean {
  const [, found = NaN, second = NaN] = (/^(\d+)\.(\d+)/.exec(release ?? '') ?? []).map(Number);
  return found < major || (found === major && second < minor);
}

function tooMany(what: string): Refusal {
  return refuse(
    `the host has ${what}: no more than ${mostCompared} are dealt with`,
    'look at it with ip rule and ip route show table all: a program may be adding them in a loop',
  );
}
