import * as v from 'valibot';
import {
  accountLines,
  accountRanges,
  freeNumber,
  groupEntries,
  groupPath,
  passwdEntries,
  passwdPath,
  withFields,
  withoutName,
} from './account-files.ts';
import { AccountChanges, accountQueries, accountTools } from './account-tools.ts';
import { described } from './described.ts';
import { defineStep, refuse } from './step.ts';
import { presence } from './text-parameters.ts';

/** A name of useradd(8), as distributions take it. */
export const accountName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][\w.-]{0,30}\$?$/, 'not the name of a user or group\nsuch as "deploy"'),
);

/** A number of a user or a group. */
export const accountNumber = v.pipe(
  v.number(),
  v.integer('a number without a fraction is needed'),
  v.minValue(0, 'not the number of a user or group'),
  v.maxValue(4_294_967_293, 'not the number of a user or group'),
);

const params = v.strictObject({
  name: described(accountName, 'The group.'),
  state: presence,
  gid: v.optional(
    described(accountNumber, 'Its number. Default: as it is, the next that is free for a new one.'),
  ),
  system: v.optional(
    described(v.boolean(), 'Whether a new one gets a number of system groups. Default: `false`.'),
  ),
});

export const group = defineStep({
  name: 'group',
  summary: 'Makes a group of users, gives it a number, or removes it.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'name',

  queries: () => accountQueries,

  plan: (_target, { name, state, gid, system = false }, seen) => {
    const passwd = accountLines(passwdPath, seen.passwd);
    if ('refusal' in passwd) return passwd;
    const groups = accountLines(groupPath, seen.groups);
    if ('refusal' in groups) return groups;
    const entries = groupEntries(groups.lines);
    const entry = entries.find((one) => one.name === name);
    const wanted = state ?? 'present';
    const data = (number: number | null) => ({ name, state: wanted, gid: number, system });
    const isSame = entry !== undefined && (gid === undefined || entry.gid === gid);
    if (wanted === 'absent' ? entry === undefined : isSame) {
      return { changes: [], data: data(entry?.gid ?? null) };
    }
    const tools = accountTools(seen);
    if (typeof tools !== 'string') return tools;
    const changes = new AccountChanges(seen.passwd, seen.groups);
    const subject = `group ${name}`;
    const isShadow = tools === 'shadow';
    if (wanted === 'absent' && entry !== undefined) {
      const user = passwdEntries(passwd.lines).find((one) => one.gid === entry.gid);
      const isOther = entries.some((one) => one.name !== name && one.gid === entry.gid);
      if (user !== undefined && !isOther) {
        return refuse(
          `${name} is the group of ${user.name}`,
          'give that user another one, or remove it first',
        );
      }
      changes.call(
        [isShadow ? 'groupdel' : 'delgroup', name],
        { subject, before: `gid ${entry.gid}`, after: 'removed' },
        { groups: withoutName(groups.lines, name) },
      );
      return { changes: changes.changes, data: data(null) };
    }
    const taken = entries.find((one) => one.gid === gid);
    if (taken !== undefined) return refuse(`gid ${gid} is that of the group ${taken.name}`);
    if (entry !== undefined && gid !== undefined) {
      const groupsThen = withFields(groups.lines, name, { 2: `${gid}` });
      const passwdThen = passwdEntries(passwd.lines)
        .filter((one) => one.gid === entry.gid)
        .reduce(
          (lines: readonly string[], one) => withFields(lines, one.name, { 3: `${gid}` }),
          passwd.lines,
        );
      const then = { groups: groupsThen, passwd: passwdThen };
      if (isShadow) {
        const words = { subject, before: `gid ${entry.gid}`, after: `gid ${gid}` };
        changes.call(['groupmod', '-g', `${gid}`, name], words, then);
      } else changes.write(then);
      return {
        changes: changes.changes,
        data: data(gid),
        message: `files of the group keep the number ${entry.gid}`,
      };
    }
    const used = new Set(entries.map((one) => one.gid));
    const number = gid ?? freeNumber(used, accountRanges(seen.loginDefs, 'GID'), system);
    if (number === null) return refuse('no number is free for another group');
    makeGroup(changes, { name, gid: number, isSystem: system, isShadow }, groups.lines);
    return { changes: changes.changes, data: data(number) };
  },
});

/** A new group; gives the lines of the file with it. */
export function makeGroup(
  changes: AccountChanges,
  made: {
    readonly name: string;
    readonly gid: number;
    readonly isSystem: boolean;
    readonly isShadow: boolean;
  },
  lines: readonly string[],
): readonly string[] {
  const { name, gid, isSystem, isShadow } = made;
  const flag = isSystem ? [isShadow ? '-r' : '-S'] : [];
  const then = [...lines, `${name}:x:${gid}:`];
  changes.call(
    [isShadow ? 'groupadd' : 'addgroup', ...flag, '-g', `${gid}`, name],
    { subject: `group ${name}`, before: 'absent', after: `gid ${gid}` },
    { groups: then },
  );
  return then;
}
