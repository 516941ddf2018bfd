import {
  type KeptMap,
  type KeptNode,
  type KeptPair,
  keptMap,
  keptPair,
  keptText,
  remarked,
} from '../source/kept-yaml.ts';
import { convertKeyword } from './convert-keyword.ts';
import { keywordPairs, type TaskSurroundings } from './convert-task.ts';
import { convertTasks } from './convert-tasks.ts';
import { playKeyword, taskKeyword } from './keywords.ts';
import { bareName } from './modules.ts';
import { rewriteVariables } from './rewrite-node.ts';
import { Remarks } from './talk.ts';

/** What plays say of the connection: here that is the inventory's. */
export interface ConnectionWords {
  readonly become: boolean;
  readonly becomeMethod: string | null;
  readonly becomeUser: string | null;
  readonly user: string | null;
}

const taskLists = ['tasks', 'pre_tasks', 'post_tasks'];
const connection = ['become_method', 'remote_user', 'connection', 'become_user'];

/** A playbook: a list of plays. */
export function convertPlaybook(root: KeptNode, around: PlaySurroundings): KeptNode {
  if (root.kind !== 'list') return root;
  const items = root.items.map((play) => (play.kind === 'map' ? convertPlay(play, around) : play));
  return { ...root, items };
}

export interface PlaySurroundings extends TaskSurroundings {
  /** An inventory is written too, which says what plays say of connections. */
  readonly hasInventory: boolean;
}

function convertPlay(play: KeptMap, around: PlaySurroundings): KeptMap {
  const remarks = new Remarks();
  const named = play.pairs.map((pair) => ({ ...pair, key: bareName(pair.key) }));
  if (named.some(({ key }) => key === 'import_playbook' || key === 'include')) {
    return importedPlay(play, named, remarks);
  }
  const pairs = named.flatMap((pair): readonly KeptPair[] => {
    const { key, value } = pair;
    if (taskLists.includes(key)) return [{ ...pair, value: convertTasks(value, 'tasks', around) }];
    if (key === 'handlers') return [{ ...pair, value: convertTasks(value, 'handlers', around) }];
    if (key === 'roles') return [{ ...pair, value: convertRoles(value, remarks) }];
    if (key === 'vars' && value.kind === 'list') {
      const maps = value.items.flatMap((item) => (item.kind === 'map' ? item.pairs : []));
      return [{ ...pair, value: rewriteVariables(keptMap(maps), remarks) }];
    }
    if (key === 'vars_prompt') return [{ ...pair, value: convertPrompts(value, remarks) }];
    if (key === 'hosts') sayHosts(value, around, remarks);
    if (connection.includes(key)) return connectionPairs(pair, around, remarks);
    const entry = playKeyword(key);
    return entry === undefined ? [pair] : convertKeyword(pair, entry, remarks);
  });
  return remarked({ ...play, pairs }, remarks.lines);
}

/** Patterns that mean another thing here. */
function sayHosts(value: KeptNode, { hasInventory }: PlaySurroundings, remarks: Remarks): void {
  const nodes = value.kind === 'list' ? value.items : [value];
  for (const pattern of nodes.map((node) => keptText(node) ?? '')) {
    if (pattern.includes('{{')) {
      remarks.say(
        'hosts: which hosts a play is for is known beforehand: name them, or say --limit',
      );
    } else if (!hasInventory && /^(?:localhost|127\.0\.0\.1)$/.test(pattern)) {
      remarks.say('the inventory names it: hosts: { localhost: { ssh: { transport: local } } }');
    }
  }
}

/** Root is whom programs run as; others are of the play. */
function connectionPairs(
  pair: KeptPair,
  { hasInventory }: PlaySurroundings,
  remarks: Remarks,
): readonly KeptPair[] {
  const { key } = pair;
  const said = keptText(pair.value);
  if (key === 'become_user') return said === 'root' ? [] : [pair];
  const isLocal = key === 'connection' && (said === 'local' || said === 'ssh');
  if (hasInventory && (key === 'become_method' || key === 'remote_user' || isLocal)) return [];
  const entry = playKeyword(key);
  return entry === undefined ? [] : convertKeyword(pair, entry, remarks);
}

function importedPlay(play: KeptMap, named: readonly KeptPair[], remarks: Remarks): KeptMap {
  const pairs = named.flatMap((pair): readonly KeptPair[] => {
    if (pair.key === 'include') return [{ ...pair, key: 'import_playbook' }];
    if (pair.key === 'import_playbook' || pair.key === 'name') return [pair];
    remarks.say(`import_playbook takes no ${pair.key}: say it in the plays of that file`);
    return [];
  });
  return remarked({ ...play, pairs }, remarks.lines);
}

/** Roles with their keywords; what is no keyword is a variable. */
function convertRoles(node: KeptNode, remarks: Remarks): KeptNode {
  if (node.kind !== 'list') return node;
  return { ...node, items: node.items.map((role) => convertRole(role, remarks)) };
}

/** A role as a play or another role names it. */
export function convertRole(role: KeptNode, remarks: Remarks): KeptNode {
  if (role.kind !== 'map') return role;
  const isName = (key: string): boolean => key === 'role' || key === 'name';
  const vars: KeptPair[] = [];
  const pairs = role.pairs.flatMap((pair): readonly KeptPair[] => {
    if (isName(pair.key)) return [pair];
    if (pair.key === 'vars') {
      if (pair.value.kind === 'map') vars.push(...pair.value.pairs);
      return [];
    }
    if (taskKeyword(pair.key) !== undefined) return keywordPairs(pair, remarks);
    vars.push(pair);
    return [];
  });
  if (vars.length === 0) return { ...role, pairs };
  return { ...role, pairs: [...pairs, keptPair('vars', rewriteVariables(keptMap(vars), remarks))] };
}

function convertPrompts(node: KeptNode, remarks: Remarks): KeptNode {
  if (node.kind !== 'list') return node;
  const known = ['name', 'prompt', 'default', 'private', 'confirm'];
  const items = node.items.map((item): KeptNode => {
    if (item.kind !== 'map') return item;
    const pairs = item.pairs.filter(({ key }) => {
      if (!known.includes(key)) remarks.say(`vars_prompt has no ${key}`);
      return known.includes(key);
    });
    return { ...item, pairs };
  });
  return { ...node, items };
}

/** What the plays of a playbook say of connections. */
export function connectionWords(root: KeptNode): ConnectionWords {
  const plays = root.kind === 'list' ? root.items : [];
  const said = (key: string) => {
    const found = plays.flatMap((play) =>
      play.kind === 'map' ? play.pairs.filter((pair) => pair.key === key) : [],
    );
    return found[0]?.value;
  };
  const become = said('become');
  return {
    become: become?.kind === 'scalar' && become.value === true,
    becomeMethod: keptText(said('become_method')),
    becomeUser: keptText(said('become_user')),
    user: keptText(said('remote_user')),
  };
}
