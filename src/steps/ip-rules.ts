import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { planRouting } from '../xen/routing-plan.ts';
import { noParams } from './described.ts';
import { defineStep } from './step.ts';

export const ipRules = defineStep({
  name: 'ip_rules',
  summary: "Brings the guest's addresses, routing tables and rules live, by difference.",
  on: ['domU'],
  params: noParams,

  queries: () => ({
    interfaces: query.interfaces(),
    rules: query.rules(),
    routes: query.routes(),
  }),

  plan: ({ host }, _params, { interfaces, rules, routes }) => {
    const { operations, pending } = planRouting(host, {
      interfaces,
      rules: rules.entries,
      routes: routes.entries,
    });
    return { changes: change.routing(operations, { rules, routes }), pending };
  },
});
