import { answerTo } from './answer.ts';
import { change, type MakeLink, type Principal, type SetAttributes } from './change.ts';
import type { Inverse } from './inverse-result.ts';
import { type Entry, query } from './query.ts';
import type { HostState } from './state.ts';

/** What undoes a link that was made. */
export function linkInverse({ path, target, effect, before }: MakeLink, now: HostState): Inverse {
  const found = answerTo(now, query.entry(path));
  if (found === null) return { impossible: `${path} could not be looked at` };
  const isBack = found.type === 'link' && before.type === 'link' && found.target === before.target;
  if (isBack || (found.type === 'absent' && before.type === 'absent')) return nothing;
  if (found.type !== 'link' || found.target !== target) {
    return { moved: `${path} is not as the run left it` };
  }
  if (before.type === 'link' && before.target !== null) {
    return { changes: change.makeLink(path, before.target, found, effect), notes: [] };
  }
  if (before.type !== 'absent') {
    return { impossible: `${path} was no link: no copy of what it was is kept` };
  }
  const file = answerTo(now, query.file(path));
  if (file === null || file.type === 'absent') {
    return { impossible: `${path} leads nowhere: it must be removed by hand` };
  }
  return { changes: change.removeFile(path, file, effect), notes: [] };
}

/** What gives an entry its former owners and mode. */
export function attributesInverse(
  { path, effect, before, mode, owner, group }: SetAttributes,
  now: Entry | null,
): Inverse {
  if (now === null) return { impossible: `${path} could not be looked at` };
  if (now.type !== before.type) return { moved: `${path} is not as the run left it` };
  const back = {
    ...(mode === null ? {} : { mode: before.mode }),
    ...(owner === null ? {} : principal('owner', before.owner, before.uid)),
    ...(group === null ? {} : principal('group', before.group, before.gid)),
  };
  return { changes: change.setAttributes(path, back, now, effect), notes: [] };
}

function principal<Name extends 'owner' | 'group'>(
  role: Name,
  name: string | null,
  id: number | null,
): Partial<Record<Name, Principal>> {
  const word = id === null ? name : `${id}`; // who it was, even where the name is another's by now
  const one: Partial<Record<Name, Principal>> = {};
  if (word !== null) one[role] = { name: word, id };
  return one;
}

const nothing: Inverse = { changes: [], notes: [] };
