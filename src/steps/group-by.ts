import * as v from 'valibot';
import { groupName } from '../inventory/name-rules.ts';
import { checked } from '../source/complaint.ts';
import { quoted } from '../source/quoted.ts';
import { described } from './described.ts';
import { defineStep, refuse } from './step.ts';

/** What a fact says may have blanks. */
const group = v.pipe(
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform((value) => String(value).replaceAll(' ', '-')),
  v.string(),
  checked(groupName),
);

const params = v.strictObject({
  key: described(group, 'The group that the host joins; blanks in it become "-".'),
  parents: v.optional(
    described(v.union([group, v.array(group)]), 'Groups that this group is part of.'),
  ),
});

export const groupBy = defineStep({
  name: 'group_by',
  summary: 'Puts hosts into groups by what is known of them, for the plays behind its own.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'key',
  readOnly: true,
  addsToFleet: 'each',
  queries: () => ({}),
  plan: ({ inventory }, { key, parents = [] }) => {
    const above = [parents].flat();
    const host = [key, ...above].find((name) => inventory.hosts.has(name));
    if (host !== undefined) return refuse(`${quoted(host)} is a host, and cannot be a group`);
    const isOver = above.find((name) => name === key || isBelow(name, key));
    if (isOver !== undefined) return refuse(`${quoted(isOver)} cannot be part of itself`);
    return {
      changes: [],
      message: `joins ${key}`,
      adds: [{ kind: 'member', group: key, parents: above }],
    };

    function isBelow(name: string, of: string): boolean {
      const children = inventory.groups.get(of)?.children ?? [];
      return children.some((child) => child === name || isBelow(name, child));
    }
  },
});
