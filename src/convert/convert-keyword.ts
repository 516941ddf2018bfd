import { type KeptPair, keptPair, keptScalar } from '../source/kept-yaml.ts';
import type { KeywordEntry } from './keywords.ts';
import { rewriteConditions, rewriteNode, rewriteVariables } from './rewrite-node.ts';
import { type Remarks, Unconvertible } from './talk.ts';

const conditions = ['when', 'changed_when', 'failed_when', 'until'];
const truths = [
  ...['run_once', 'no_log', 'diff', 'ignore_errors', 'check_mode', 'any_errors_fatal', 'gather'],
  ...['become', 'ignore_unreachable', 'force_handlers'],
];
/** Lists of tasks and of files have readers of their own. */
const texts = ['name', 'register', 'tags', 'hosts', 'notify', 'listen'];

/** A keyword in xpush's words; none: it says nothing here. Throws `Unconvertible`. */
export function convertKeyword(
  pair: KeptPair,
  entry: KeywordEntry,
  remarks: Remarks,
): readonly KeptPair[] {
  const { key } = pair;
  const value = truths.includes(entry.here ?? key) ? truthOf(pair) : pair;
  const said = value.value.kind === 'scalar' ? value.value.value : undefined;
  if (key === 'become') return becomes(value, said, remarks);
  if (key === 'become_user') return becomesUser(value, said, remarks);
  if (key === 'async') return timeLimit(value, remarks);
  if (key === 'check_mode' && said === false) {
    remarks.say(`check_mode: ${entry.difference}`);
    return [];
  }
  if (key === 'loop_control') return loopControl(pair, remarks);
  if (key === 'ignore_errors' && typeof said === 'string') {
    if (/^\{\{\s*ansible_check_mode\s*\}\}$/.test(said)) return []; // a check plans what an apply does
    throw new Unconvertible('ignore_errors is true or false: write failed_when');
  }
  if (entry.here === null) {
    const isSilent = entry.otherwise === 'silence' || said === false;
    if (!isSilent) remarks.say(`${key}: ${entry.difference}`);
    return [];
  }
  return [{ ...value, key: entry.here, value: rewritten(value, entry.here, remarks) }];
}

function rewritten({ value }: KeptPair, key: string, remarks: Remarks): KeptPair['value'] {
  if (conditions.includes(key)) return rewriteConditions(value, remarks);
  if (key === 'loop' && value.kind === 'scalar') return rewriteNode(value, remarks);
  if (texts.includes(key) && value.kind === 'scalar' && typeof value.value !== 'string') {
    return value.value === null ? value : { ...value, value: value.source, style: 'single' };
  }
  return key === 'vars' ? rewriteVariables(value, remarks) : rewriteNode(value, remarks);
}

/** `"yes"` is true where a truth value is wanted. */
function truthOf(pair: KeptPair): KeptPair {
  const { value } = pair;
  if (value.kind !== 'scalar') return pair;
  const word = String(value.value);
  const truth = /^(?:yes|true|on|1)$/i.test(word)
    ? true
    : /^(?:no|false|off|0)$/i.test(word)
      ? false
      : null;
  return truth === null
    ? pair
    : { ...pair, value: { ...keptScalar(truth), behind: value.behind, before: value.before } };
}

function becomes(pair: KeptPair, said: unknown, remarks: Remarks): readonly KeptPair[] {
  if (said === true) return [pair];
  remarks.say(
    said === false
      ? 'become: false: name the user of the login: become_user: NAME'
      : 'become is true or nothing: say it in the inventory for the hosts that need it',
  );
  return [];
}

function becomesUser(pair: KeptPair, said: unknown, remarks: Remarks): readonly KeptPair[] {
  if (typeof said === 'string' && said.includes('{{')) {
    remarks.say('become_user takes no template: write the name of the user');
  }
  return [pair];
}

/** What is known of loops here. */
function loopControl(pair: KeptPair, remarks: Remarks): readonly KeptPair[] {
  const { value } = pair;
  if (value.kind !== 'map') return [pair];
  const known = ['label', 'loop_var', 'index_var', 'extended'];
  const pairs = value.pairs.filter((one) => {
    if (one.key === 'pause') remarks.say('loop_control has no pause: all items are done at once');
    else if (!known.includes(one.key)) remarks.say(`loop_control has no ${one.key}`);
    return known.includes(one.key);
  });
  return pairs.length === 0 ? [] : [{ ...pair, value: rewriteNode({ ...value, pairs }, remarks) }];
}

function timeLimit(pair: KeptPair, remarks: Remarks): readonly KeptPair[] {
  const { value } = pair;
  const seconds = value.kind === 'scalar' ? Number(value.value) : Number.NaN;
  if (Number.isInteger(seconds) && seconds > 0) {
    return [{ ...keptPair('timeout', Math.min(seconds, 86_400)), behind: pair.behind }];
  }
  if (seconds !== 0) remarks.say('async: tasks are waited for: say timeout');
  return [];
}
