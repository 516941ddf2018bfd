import * as v from 'valibot';
import { groupName, hostName, variableName } from '../inventory/name-rules.ts';
import { plainHostSchema } from '../inventory/schema.ts';
import { checked } from '../source/complaint.ts';
import { described } from './described.ts';
import { defineStep } from './step.ts';
import { anything } from './worked.ts';

const { address, ssh, become, expect, safety } = plainHostSchema.entries;
const group = v.pipe(v.string(), checked(groupName));
const listOfGroups = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((groups) =>
    [groups]
      .flat()
      .flatMap((one) => one.split(','))
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  ),
  v.array(group),
);

const vars = v.pipe(
  v.record(v.string(), anything),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const name of Object.keys(dataset.value)) {
      const complaint = variableName(name);
      if (complaint !== null) addIssue({ message: complaint.message });
    }
  }),
);

const params = v.strictObject({
  name: described(v.pipe(v.string(), checked(hostName)), 'The name of the host.'),
  groups: v.optional(
    described(listOfGroups, 'Groups that it joins; those that are not there yet come to be.'),
  ),
  vars: v.optional(described(vars, 'Its variables.')),
  address: v.optional(described(address, 'Where it is; its name unless said otherwise.')),
  ssh: v.optional(described(ssh, 'How to reach it, as in an inventory.')),
  become: v.optional(described(become, 'Whom programs run as on it, as in an inventory.')),
  expect: v.optional(described(expect, 'What it must say of itself, as in an inventory.')),
  safety: v.optional(described(safety, 'How it is kept from being cut off, as in an inventory.')),
});

export const addHost = defineStep({
  name: 'add_host',
  summary: 'Adds a host to the fleet, for the plays behind its own.',
  on: ['dom0', 'domU', 'host'],
  params,
  readOnly: true,
  addsToFleet: 'once',
  queries: () => ({}),
  plan: ({ inventory }, { name, groups = [], vars = {}, ...entry }) => {
    const isKnown = inventory.hosts.has(name);
    const into = groups.length === 0 ? '' : ` to ${groups.join(', ')}`;
    const isSaid = Object.keys(entry).length > 0;
    return {
      changes: [],
      message:
        isKnown && groups.length > 0 ? `${name} joins ${groups.join(', ')}` : `${name}${into}`,
      data: { add_host: { host_name: name, groups, host_vars: vars } },
      adds: [{ kind: 'host', name, groups, entry: isSaid ? entry : null, vars }],
    };
  },
});
