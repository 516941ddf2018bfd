import type { Entry, TreeState } from './answers.ts';
import type { MakeLink, Principal, RemoveTree, SetAttributes } from './entry-change.ts';
import { byBytes, modeLetters } from './file-state.ts';
import { checkedPath, trimmedPath } from './names.ts';
import { sums } from './sums.ts';

/** What `xp_entry_state` (runtime/act-entries.sh) recognises an entry by: a pattern, and what a link says. */
export function entryFingerprint(entry: Entry): readonly [string, string] {
  if (entry.type === 'absent') return ['absent', ''];
  const { type, mode, uid, gid, target } = entry;
  // links have all permissions on Linux, and none that matter
  const letters = type === 'link' ? '*' : modeLetters(mode);
  return [`${type} ${letters} ${uid ?? '*'} ${gid ?? '*'}`, target ?? ''];
}

/** What `xp_tree_names` says of such a directory, summed up. */
export function treeSums({ entries }: TreeState): string {
  const lines = Array.from(entries, ([path, { mode, uid, gid }]) =>
    Buffer.from(`${mode.toString(8)}:${uid}:${gid}:${path}\n`).toString('latin1'),
  );
  return sums(lines.sort(byBytes).join(''));
}

export function linkWords({ path, target, before }: MakeLink): readonly string[] {
  return ['xp_make_link', checkedPath(path), ...entryFingerprint(before), checkedTarget(target)];
}

export function attributeWords(change: SetAttributes): readonly string[] {
  const { path, mode, owner, group, before } = change;
  const [pattern] = entryFingerprint(before);
  const own = owner === null ? '' : checkedPrincipal(owner);
  const whose = group === null ? own : `${own}:${checkedPrincipal(group)}`;
  const octal = mode === null ? '' : mode.toString(8).padStart(4, '0');
  return ['xp_set_attributes', checkedPath(path), pattern, whose, octal];
}

export function treeWords({ path, before }: RemoveTree): readonly string[] {
  return ['xp_remove_tree', trimmedPath(path), treeSums(before)];
}

/** Whether a link may say that: a path of any kind in one line. */
export function isTarget(target: string): boolean {
  return /^[^\0\n]+$/.test(target) && !/\p{Surrogate}/u.test(target) && target.length <= 4095;
}

/** Whether a user or a group may have that name, or number. */
export function isPrincipal(name: string): boolean {
  return /^(?!-)[^\p{Cc}\s:/][^\p{Cc}:/]{0,255}$/u.test(name) && !/\p{Surrogate}/u.test(name);
}

function checkedTarget(target: string): string {
  if (!isTarget(target)) throw new Error(`not what a link may say: ${JSON.stringify(target)}`);
  return target;
}

function checkedPrincipal({ name }: Principal): string {
  if (!isPrincipal(name)) throw new Error(`not a user or group: ${JSON.stringify(name)}`);
  return name;
}
