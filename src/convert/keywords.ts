/** What becomes of a keyword of Ansible's. */
export interface KeywordEntry {
  readonly name: string;
  /** The keyword here; null: there is none. */
  readonly here: string | null;
  /** What differs; empty: nothing. */
  readonly difference: string;
  /** How the converter takes it where there is none: with a word to whoever reads it, or in silence. */
  readonly otherwise?: 'remark' | 'silence';
}

const same = (...names: readonly string[]): readonly KeywordEntry[] =>
  names.map((name) => ({ name, here: name, difference: '' }));

const gone = (name: string, difference: string): KeywordEntry => {
  return { name, here: null, difference, otherwise: 'remark' };
};
const needless = (name: string, difference: string): KeywordEntry => {
  return { name, here: null, difference, otherwise: 'silence' };
};

const becomes: readonly KeywordEntry[] = [
  {
    name: 'become',
    here: 'become',
    difference:
      "a host's programs run as one user; `become: false` is refused: name the user of the commands",
  },
  { name: 'become_user', here: 'become_user', difference: 'for commands; other steps run as root' },
  gone('become_method', 'how to become is said in the inventory: `become: { method: ... }`'),
  gone('become_flags', 'how to become is said in the inventory: `become: { method: ... }`'),
  gone('become_exe', 'how to become is said in the inventory: `become: { method: ... }`'),
  gone('remote_user', 'who logs in is said in the inventory: `ssh: { user: ... }`, or by `-u`'),
  gone('port', 'the port is said in the inventory: `ssh: { port: ... }`'),
  gone('connection', 'the way to a host is said in the inventory: `ssh: { transport: ... }`'),
];

const common: readonly KeywordEntry[] = [
  ...becomes,
  ...same('name', 'vars', 'tags', 'run_once', 'no_log', 'diff', 'environment', 'ignore_errors'),
  { name: 'timeout', here: 'timeout', difference: 'for each command of the task' },
  {
    name: 'check_mode',
    here: 'check_mode',
    difference:
      '`check_mode: false` is refused: a check changes nothing. Of a command that only reads, say `changes: never`',
  },
  { name: 'any_errors_fatal', here: 'any_errors_fatal', difference: 'of plays only' },
  gone('module_defaults', 'write the parameters at each task, or a variable for them'),
  gone('ignore_unreachable', 'a host that is not reached is left, and the others go on'),
  gone('throttle', 'say `max_per` at the play, or `--forks`'),
  needless('collections', 'steps have short names only'),
  needless('debugger', 'there is none: `--check --diff` shows what would be done'),
];

/** Keywords of plays. */
export const playKeywords: readonly KeywordEntry[] = [
  { name: 'hosts', here: 'hosts', difference: 'a term that names nothing is an error' },
  {
    name: 'gather_facts',
    here: 'gather',
    difference: 'facts are asked for only when something uses them',
  },
  ...same('vars_files', 'roles', 'tasks', 'pre_tasks', 'post_tasks', 'handlers'),
  {
    name: 'vars_prompt',
    here: 'vars_prompt',
    difference: 'nothing is encrypted: `encrypt`, `salt` and `unsafe` are not there',
  },
  {
    name: 'serial',
    here: 'serial',
    difference: 'without it, a canary goes first where the network is changed',
  },
  {
    name: 'max_fail_percentage',
    here: 'max_fail_percentage',
    difference: 'counts hosts that are not reached or rolled back, too',
  },
  needless('force_handlers', 'handlers that were notified always run'),
  needless('strategy', 'hosts never wait for each other within a batch'),
  needless('order', 'hosts run side by side'),
  needless('gather_subset', 'facts are asked for as they are used'),
  needless('gather_timeout', 'the look has its own time limit'),
  needless('fact_path', 'there are no local facts: use variables of the inventory'),
  ...common,
];

/** Keywords of tasks, blocks, roles and imports. */
export const taskKeywords: readonly KeywordEntry[] = [
  ...same(
    'register',
    'notify',
    'listen',
    'changed_when',
    'failed_when',
    'block',
    'rescue',
    'always',
  ),
  { name: 'when', here: 'when', difference: 'must come to true or false; a text is neither' },
  {
    name: 'loop',
    here: 'loop',
    difference: 'known before the task; `with_*` are written as `loop`',
  },
  {
    name: 'loop_control',
    here: 'loop_control',
    difference: '`pause`, `break_when` and `extended_allitems` are not there',
  },
  { name: 'until', here: 'until', difference: '`retries` and `delay` need it' },
  ...same('retries', 'delay', 'delegate_to', 'import_tasks', 'import_role', 'import_playbook'),
  {
    name: 'include_tasks',
    here: 'include_tasks',
    difference:
      'read before the run, as `import_tasks`: a `loop` over a written list, and templates of its items or `-e` in the name',
  },
  {
    name: 'include_role',
    here: 'include_role',
    difference: 'as `import_role`, with a `loop` over a written list; no `tasks_from`',
  },
  { name: 'meta', here: 'meta', difference: '`flush_handlers` and `noop` only' },
  {
    name: 'args',
    here: null,
    difference: 'written with the other parameters',
    otherwise: 'silence',
  },
  { name: 'action', here: null, difference: 'written as the step', otherwise: 'silence' },
  {
    name: 'local_action',
    here: null,
    difference: 'written as the step with `delegate_to: localhost`',
    otherwise: 'silence',
  },
  gone('delegate_facts', "what a task tells belongs to the play's host"),
  gone('async', 'tasks are waited for: say `timeout`; what runs on belongs to a service'),
  needless('poll', 'tasks are waited for'),
  ...common,
];

const names = new Map(taskKeywords.map((entry) => [entry.name, entry]));
const playNames = new Map(playKeywords.map((entry) => [entry.name, entry]));

/** The keyword of a task. */
export function taskKeyword(name: string): KeywordEntry | undefined {
  return names.get(name);
}

/** The keyword of a play. */
export function playKeyword(name: string): KeywordEntry | undefined {
  return playNames.get(name);
}
