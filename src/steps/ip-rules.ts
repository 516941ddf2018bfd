import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { planRouting } from '../xen/routing-plan.ts';
import { noParams } from './described.ts';
import { defineStep, type Refusal, refuse } from './step.ts';

/** Of rules, and of differences: planning compares each with all others, and no guest has as many. */
const mostCompared = 4096;

export const ipRules = defineStep({
  name: 'ip_rules',
  summary: "Brings the guest's addresses, routing tables and rules live, by difference.",
  on: ['domU'],
  params: noParams,

  queries: () => ({
    interfaces: query.interfaces(),
    rules: query.rules(4),
    routes: query.routes(4),
  }),

  plan: ({ host }, _params, { interfaces, rules, routes }) => {
    if (rules.entries.length > mostCompared) return tooMany(`${rules.entries.length} rules`);
    const { operations, pending } = planRouting(host, {
      interfaces,
      rules: rules.entries,
      routes: routes.entries,
    });
    if (operations.length > mostCompared) return tooMany(`${operations.length} differences`);
    return { changes: change.routing(4, operations, { rules, routes }), pending };
  },
});

function tooMany(what: string): Refusal {
  return refuse(
    `the host has ${what}: no more than ${mostCompared} are dealt with`,
    'look at it with ip rule and ip route show table all: a program may be adding them in a loop',
  );
}
