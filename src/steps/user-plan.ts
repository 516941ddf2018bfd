import type { CommandOutput, FileState } from '../host/answers.ts';
import type { Prediction } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import {
  accountLines,
  accountRanges,
  freeNumber,
  groupEntries,
  groupPath,
  type PasswdEntry,
  passwdEntries,
  passwdPath,
  settingIn,
  withFields,
  withMemberships,
  withoutName,
} from './account-files.ts';
import { AccountChanges, accountTools } from './account-tools.ts';
import { makeGroup } from './group.ts';
import { linesOf } from './host-script.ts';
import { shadowName } from './shadow-script.ts';
import { type Plan, type Refusal, refuse } from './step.ts';
import type { UserParams } from './user.ts';
import { homeMode, homePrediction, newHome } from './user-home.ts';
import { planShadow, shadowPrediction } from './user-password.ts';

/** What was asked for a user. */
export interface SeenUser {
  readonly passwd: FileState;
  readonly groups: FileState;
  readonly loginDefs: FileState;
  readonly hasUseradd: boolean;
  readonly hasAdduser: boolean;
  readonly defaults: FileState;
  readonly shadow: CommandOutput;
  readonly skeleton: CommandOutput;
  readonly homes: readonly FileState[];
}

/** A user that is to be as its parameters say. */
export function planUser(given: UserParams, seen: SeenUser): Plan | Refusal {
  const { name } = given;
  const passwd = accountLines(passwdPath, seen.passwd);
  if ('refusal' in passwd) return passwd;
  const groups = accountLines(groupPath, seen.groups);
  if ('refusal' in groups) return groups;
  const users = passwdEntries(passwd.lines);
  const entries = groupEntries(groups.lines);
  const entry = users.find((one) => one.name === name);
  const unknown = given.groups?.find((one) => entries.every((each) => each.name !== one));
  const first = entries.find((one) => one.name === given.group || one.gid === given.group);
  if (unknown !== undefined || (given.group !== undefined && first === undefined)) {
    return refuse(
      `there is no group ${unknown ?? given.group}`,
      'have a task before this one make it, with the step "group"',
    );
  }
  const taken = users.find((one) => one.uid === given.uid && one.name !== name);
  if (taken !== undefined) return refuse(`uid ${given.uid} is that of ${taken.name}`);
  const changes = new AccountChanges(seen.passwd, seen.groups);
  const about = { given, seen, changes, passwd: passwd.lines, groups: groups.lines };
  const made =
    entry === undefined
      ? makeUser(about, first?.gid ?? null)
      : changeUser(about, entry, first?.gid ?? entry.gid);
  if ('refusal' in made) return made;
  const problem = planShadow(given, seen, changes, entry === undefined);
  if (problem !== null) return problem;
  const { uid, gid, home, shell, comment } = made;
  return {
    changes: changes.changes,
    data: { name, state: 'present', uid, group: gid, home, shell, comment },
  };
}

interface About {
  readonly given: UserParams;
  readonly seen: SeenUser;
  readonly changes: AccountChanges;
  readonly passwd: readonly string[];
  readonly groups: readonly string[];
}

function makeUser(
  { given, seen, changes, passwd, groups }: About,
  firstGroup: number | null,
): PasswdEntry | Refusal {
  const { name, system = false, create_home: isMade = true } = given;
  const tools = accountTools(seen);
  if (typeof tools !== 'string') return tools;
  const isShadow = tools === 'shadow';
  const uids = new Set(passwdEntries(passwd).map((one) => one.uid));
  const uid = given.uid ?? freeNumber(uids, accountRanges(seen.loginDefs, 'UID'), system);
  const gids = new Set(groupEntries(groups).map((one) => one.gid));
  const own = groupEntries(groups).find((one) => one.name === name)?.gid;
  const gid =
    firstGroup ??
    own ??
    (uid !== null && !gids.has(uid)
      ? uid
      : freeNumber(gids, accountRanges(seen.loginDefs, 'GID'), system));
  if (uid === null || gid === null) return refuse('no number is free for another user');
  const lines = gids.has(gid)
    ? groups
    : makeGroup(changes, { name, gid, isSystem: system, isShadow }, groups);
  const first = groupEntries(lines).find((one) => one.gid === gid)?.name ?? name;
  const base = settingIn(seen.defaults, 'HOME=', '/\\S*') ?? '/home';
  const made: PasswdEntry = {
    ...{ name, uid, gid, comment: asBytes(given.comment ?? '') },
    home: given.home ?? `${base}/${name}`,
    shell: given.shell ?? settingIn(seen.defaults, 'SHELL=', '/\\S*') ?? '/bin/sh',
  };
  const others = new Set(given.groups ?? []);
  const then = {
    passwd: [...passwd, `${name}:x:${uid}:${gid}:${made.comment}:${made.home}:${made.shell}`],
    groups: withMemberships(lines, name, others),
  };
  const words = {
    subject: `user ${name}`,
    before: 'absent',
    after: wordsOf(made, [first, ...others]),
  };
  const isHome = isMade && seen.homes[0]?.type === 'absent';
  const homes: readonly Prediction[] =
    isMade && made.home === (given.home ?? `/home/${name}`)
      ? [homePrediction(made.home, seen.homes[0], { type: 'directory' })]
      : [];
  // what a new home begins with is not known but by name
  const inHome = isHome
    ? (linesOf(seen.skeleton) ?? []).flatMap((one) =>
        /^[^/\n]+$/.test(one) ? [`${made.home}/${one}`] : [],
      )
    : [];
  // busybox makes one that is there its user's, too
  const isRight = isHome || (isMade && !isShadow && seen.homes[0]?.type === 'directory');
  const rights = { uid, gid, owner: name, group: first, mode: homeMode(seen.loginDefs, tools) };
  const also = [
    ...homes,
    ...(isRight && homes.length > 0 ? newHome(made.home, rights) : []),
    ...shadowPrediction(name, seen.shadow, 'new'),
  ];
  const touches = [shadowName(name), '/etc/subuid', '/etc/subgid', ...inHome];
  if (isShadow) {
    const flags = [...(system ? ['-r'] : []), isMade ? '-m' : '-M'];
    const texts = ['-d', made.home, '-s', made.shell, '-c', given.comment ?? ''];
    const more = others.size === 0 ? [] : ['-G', [...others].join(',')];
    changes.call(
      ['useradd', ...flags, '-u', `${uid}`, '-g', first, ...texts, ...more, name],
      ...([words, then, also, touches] as const),
    );
    return made;
  }
  const flags = ['-D', ...(system ? ['-S'] : []), ...(isMade ? [] : ['-H'])];
  const texts = ['-h', made.home, '-s', made.shell, '-g', given.comment ?? ''];
  const ids = ['-u', `${uid}`, '-G', first];
  // it lists the user in its first group, too: loginutils/adduser.c
  const joined = (names: readonly string[]) => withMemberships(lines, name, new Set(names));
  const alone = { ...then, groups: joined([first]) };
  changes.call(['adduser', ...flags, ...texts, ...ids, name], words, alone, also, touches);
  if (others.size > 0) changes.write({ groups: joined([first, ...others]) });
  return made;
}

function changeUser(
  { given, seen, changes, passwd, groups }: About,
  entry: PasswdEntry,
  gid: number,
): PasswdEntry | Refusal {
  const { name } = entry;
  const wanted: PasswdEntry = {
    ...{ name, gid, uid: given.uid ?? entry.uid },
    comment: given.comment === undefined ? entry.comment : asBytes(given.comment),
    home: given.home ?? entry.home,
    shell: given.shell ?? entry.shell,
  };
  // its first group may list it, and need not
  const first = groupEntries(groups).find((one) => one.gid === gid)?.name;
  const memberships = groupEntries(groups).flatMap((one) =>
    one.members.includes(name) && one.name !== first ? [one.name] : [],
  );
  const asked = (given.groups ?? []).filter((one) => one !== first);
  const others = new Set(
    given.groups === undefined
      ? memberships
      : given.append === true
        ? [...memberships, ...asked]
        : asked,
  );
  const isSameGroups =
    others.size === memberships.length && memberships.every((one) => others.has(one));
  const flags = [
    ...(wanted.uid === entry.uid ? [] : ['-u', `${wanted.uid}`]),
    ...(wanted.gid === entry.gid ? [] : ['-g', `${wanted.gid}`]),
    ...(wanted.comment === entry.comment ? [] : ['-c', given.comment ?? '']),
    ...(wanted.home === entry.home ? [] : ['-d', wanted.home]),
    ...(wanted.shell === entry.shell ? [] : ['-s', wanted.shell]),
    ...(isSameGroups ? [] : ['-G', [...others].join(',')]),
  ];
  if (flags.length === 0) return wanted;
  const tools = accountTools(seen);
  if (typeof tools !== 'string') return tools;
  const fields = [wanted.uid, wanted.gid, wanted.comment, wanted.home, wanted.shell];
  const then = {
    passwd: withFields(
      passwd,
      name,
      Object.fromEntries(fields.map((one, place) => [place + 2, `${one}`])),
    ),
    groups: withMemberships(groups, name, others),
  };
  if (tools === 'busybox') {
    changes.write(then);
    return wanted;
  }
  const before = differences(entry, wanted, memberships, isSameGroups);
  const after = differences(wanted, entry, [...others], isSameGroups);
  changes.call(['usermod', ...flags, name], { subject: `user ${name}`, before, after }, then);
  return wanted;
}

/** A user that is to be gone. */
export function planRemoval(
  { name, remove = false, home = `/home/${name}` }: UserParams,
  seen: SeenUser,
): Plan | Refusal {
  const passwd = accountLines(passwdPath, seen.passwd);
  if ('refusal' in passwd) return passwd;
  const groups = accountLines(groupPath, seen.groups);
  if ('refusal' in groups) return groups;
  const entry = passwdEntries(passwd.lines).find((one) => one.name === name);
  const data = { name, state: 'absent' };
  if (entry === undefined) return { changes: [], data };
  const tools = accountTools(seen);
  if (typeof tools !== 'string') return tools;
  if (entry.uid === 0) return refuse(`${name} is root: nothing could be done without it`);
  const passwdThen = withoutName(passwd.lines, name);
  const groupsThen = withMemberships(groups.lines, name, new Set());
  const own = groupEntries(groupsThen).find((one) => one.name === name);
  // userdel(8) and deluser of busybox: the group of that name goes with its only user
  const isOwnGone =
    own !== undefined &&
    own.members.length === 0 &&
    passwdEntries(passwdThen).every((one) => one.gid !== own.gid) &&
    (tools === 'busybox' || settingIn(seen.loginDefs, 'USERGROUPS_ENAB\\s+') === 'yes');
  const argv =
    tools === 'shadow'
      ? ['userdel', ...(remove ? ['-r'] : []), name]
      : ['deluser', ...(remove ? ['--remove-home'] : []), name];
  const changes = new AccountChanges(seen.passwd, seen.groups);
  const after = remove ? `removed, with ${entry.home}` : 'removed';
  changes.call(
    argv,
    { subject: `user ${name}`, before: `uid ${entry.uid}`, after },
    { passwd: passwdThen, groups: isOwnGone ? withoutName(groupsThen, name) : groupsThen },
    [
      ...shadowPrediction(name, seen.shadow, 'gone'),
      ...(remove && entry.home === home
        ? [homePrediction(home, seen.homes[0], { type: 'absent' })]
        : []),
    ],
    [
      ...[shadowName(name), '/etc/subuid', '/etc/subgid'],
      ...(remove && entry.home.startsWith('/') ? [entry.home] : []),
    ],
  );
  return { changes: changes.changes, data };
}

function wordsOf({ uid, home, shell }: PasswdEntry, groups: readonly string[]): string {
  return `uid ${uid}, groups ${groups.join(' ')}, home ${home}, shell ${shell}`;
}

/** What one has that the other has otherwise. */
function differences(
  one: PasswdEntry,
  other: PasswdEntry,
  groups: readonly string[],
  isSameGroups: boolean,
): string {
  const fields = ['uid', 'gid', 'comment', 'home', 'shell'] as const;
  return [
    ...fields.flatMap((field) => (one[field] === other[field] ? [] : [`${field} ${one[field]}`])),
    ...(isSameGroups ? [] : [`groups ${groups.toSorted().join(' ') || 'none'}`]),
  ].join(', ');
}
