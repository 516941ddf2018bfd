import { type Change, isCommand } from './change.ts';
import { asBytes, encoded, removeWords, runtimeOf, wordsOf, writeWords } from './change-words.ts';
import { checkedId, holdCall, holdRuntime, identityWords } from './lock-program.ts';
import { checkedAddress, checkedPath, parameterPath, trimmedPath } from './names.ts';
import { compound, type Program } from './program.ts';
import { quote, quoteAll } from './quote.ts';
import { type RuntimeFile, runtime } from './runtime.ts';
import { sums } from './sums.ts';
import type { DecisionPlan, WindowPlan } from './window.ts';
import { type StagedAct, splitActs, type WindowActs } from './window-acts.ts';

/** What the controller's end of a window needs. */
const sender: readonly RuntimeFile[] = ['look.sh', 'act.sh', ...holdRuntime, 'window.sh'];

/** What makes the changes of a window, besides what each kind of them needs. */
const runner: readonly RuntimeFile[] = ['windows.sh', 'window-run.sh'];

/** What watches over a window, decides and undoes, besides that. */
const watcher: readonly RuntimeFile[] = [
  'lock.sh',
  'window-watch.sh',
  'window-arm.sh',
  'window-decide.sh',
  'window-settle.sh',
  'window-files.sh',
  'window-live.sh',
  'window-restore.sh',
  'window-firewall.sh',
  'window-boot.sh',
];

/**
 * A program that opens a window: sections `lock`, `health` (when addresses are to be pinged), `arm`,
 * one for each act that is not of effect `boot`, in their order, as far as they were begun, and
 * `window`; none follows that could not be. After `arm` with status 0 it only relays what the host
 * does by itself. It goes to the shell that ran a look program. `known`: what that shell has seen.
 * Throws for what no step may name.
 */
export function compileWindow(plan: WindowPlan, known: ReadonlySet<RuntimeFile>): Program {
  const identity = quoteAll(identityWords(plan.identity));
  const pings = plan.pings.map(checkedAddress);
  const parts = partsOf(plan);
  return compound([...sender, ...(pings.length > 0 ? healthRuntime : [])], known, [
    ...['xp_parts() {', ...parts.map(({ call }) => `${call} &&`)],
    ...[`xp_whole ${quoteAll(parts.flatMap(({ name, sums }) => [name, sums]))}`, '}'],
    'xp_window() {',
    'XP_GONE=',
    `xp_do lock ${holdCall({ identity: plan.identity, generation: null })} || return`,
    ...(pings.length > 0 ? [`xp_section health xp_health ${quoteAll(pings)}`] : []),
    `xp_do arm xp_arm ${quote(checkedId(plan.id))} ${identity} || return`,
    ...['xp_relay', 'xp_section window xp_tell_window', '}', 'xp_window', 'xp_done'],
  ]);
}

/**
 * A program that relays a window again, from its first act on, to a controller that lost the line:
 * sections as of `compileWindow` after `arm`; only `window`, without a body, when it is not known.
 */
export function compileFollow(id: string, known: ReadonlySet<RuntimeFile>): Program {
  return compound(sender, known, [
    ...['xp_find_home', `xp_follow ${quote(checkedId(id))}`],
    ...['xp_section window xp_tell_window', 'xp_done'],
  ]);
}

/**
 * A program that decides: for `confirm`, a section for each act of effect `boot` (with its id, as of
 * an act program) once that is in place, and then the section `decision`.
 */
export function compileDecision(
  { id, decision, why, identity }: DecisionPlan,
  known: ReadonlySet<RuntimeFile>,
): Program {
  const needed = identity === null ? (['look.sh', 'windows.sh', 'window.sh'] as const) : sender;
  return compound(needed, known, [
    ...(identity === null ? [] : [`xp_adopt ${quoteAll(identityWords(identity))} >/dev/null`]),
    `xp_decide ${quoteAll([checkedId(id), decision, oneLine(why)])} </dev/null`,
    'xp_done',
  ]);
}

const healthRuntime: readonly RuntimeFile[] = ['look.sh', 'health.sh'];

/** A program that pings these addresses once each, all at once, for a second: section `health`. It changes nothing. */
export function compileHealth(
  addresses: readonly string[],
  known: ReadonlySet<RuntimeFile>,
): Program {
  return compound(healthRuntime, known, [
    `xp_section health xp_health ${quoteAll(addresses.map(checkedAddress))} </dev/null`,
    'xp_done',
  ]);
}

/** A file of a window: its name, what tells whether it is whole, and a call that writes it. */
interface Part {
  readonly name: string;
  readonly sums: string;
  readonly call: string;
}

/** Only `run.sh` runs by itself; it reads the others. */
function partsOf(plan: WindowPlan): readonly Part[] {
  const acts = splitActs(plan.acts);
  const { generation } = plan;
  return [
    runPart(plan.acts.map(({ change }) => change)),
    partOf('settings.sh', settingsText(plan, acts)),
    partOf('changes.sh', changesText(acts)),
    ...(generation === null ? [] : [partOf('generation', asBytes(generation.text))]),
  ];
}

function partOf(name: string, text: string): Part {
  return {
    name,
    sums: sums(text),
    call: `xp_part ${quoteAll([name, ...encoded(text)])}`,
  };
}

/** By the runtime files of its changes: hosts have much the same ones. */
const runParts = new Map<string, Part>();

function runPart(changes: readonly Change[]): Part {
  const makers = new Set<RuntimeFile>(['look.sh', ...runtimeOf(changes), ...runner]);
  const key = [...makers].join(' ');
  const known = runParts.get(key);
  if (known !== undefined) return known;
  const others = watcher.filter((file) => !makers.has(file));
  const text = [
    ...[...makers].map(runtime),
    `XP_WINDOW=\${0%/*}\n`,
    // whoever makes the changes does not read the rest
    '[ "$1" != apply ] || { xp_run "$@"; exit; }\n',
    ...others.map(runtime),
    'xp_run "$@"\n',
  ].join('');
  const part = partOf('run.sh', text);
  runParts.set(key, part);
  return part;
}

/** Without secrets: it is kept as long as the window is. */
function settingsText(plan: WindowPlan, { staged, idle, files }: WindowActs): string {
  const parameters = plan.acts.flatMap(({ change }) =>
    change.kind === 'parameter' ? [parameterPath(change.name)] : [],
  );
  const inPlace = [...new Set(files)].map(checkedPath);
  const settings = {
    XP_APPLY_SECONDS: `${Math.max(1, Math.ceil(plan.applySeconds))}`,
    XP_CONFIRM_SECONDS: `${Math.max(1, Math.ceil(plan.confirmSeconds))}`,
    XP_POLICY: plan.onRollbackFailure,
    XP_CONTROLLER: plan.controller === null ? '' : checkedAddress(plan.controller),
    XP_NO_HOOK: plan.allowNoBootHook ? 'yes' : '',
    XP_KEEP: `${plan.generation?.keep ?? 0}`,
    XP_RULES: plan.acts.some(({ change }) => mayChangeRules(change)) ? 'yes' : '',
    XP_NOT: plan.acts.some(({ change }) => hasInvertedRule(change)) ? 'yes' : '',
    // what commands print is told as it comes
    XP_SPEAKS: plan.acts.some(({ change }) => isCommand(change)) ? 'yes' : '',
  };
  return [
    ...Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}`),
    `xp_with_files() { "$@" ${quoteAll(inPlace)}; }`,
    `xp_with_parameters() { "$@" ${quoteAll([...new Set(parameters)])}; }`,
    ...['xp_settle_all() {', ':'],
    ...idle.map((id) => `"$1" ${quoteAll([id, 'idle'])}`),
    ...staged.map(
      ({ ids, change }, index) =>
        `"$1" ${quoteAll([ids.join(' '), ...settleWords(change, index)])}`,
    ),
    ...['}', ''],
  ].join('\n');
}

/** With all contents, and what commands are given: removed once it is decided. */
function changesText({ now, staged }: WindowActs): string {
  return [
    ...['xp_stage_all() {', ':'],
    ...staged.map(({ change }, index) => `"$1" ${quoteAll(stageWords(change, index))} || return`),
    ...['}', 'xp_changes() {', ':'],
    ...now.map(
      ({ id, change }) =>
        `xp_step ${quoteAll([id, oneLine(describe(change)), ...wordsOf(change)])} || return`,
    ),
    ...['}', ''],
  ].join('\n');
}

function stageWords(change: StagedAct['change'], index: number): readonly string[] {
  switch (change.kind) {
    case 'write':
      return ['write', `${index}`, ...writeWords(change)];
    case 'remove':
      return ['remove', ...removeWords(change)];
    case 'directory':
      return ['directory', trimmedPath(change.path), change.mode.toString(8)];
  }
}

function settleWords(change: StagedAct['change'], index: number): readonly string[] {
  switch (change.kind) {
    case 'write':
      return ['write', `${index}`, ...writeWords(change).slice(0, 4)];
    case 'remove':
      return ['remove', ...removeWords(change)];
    case 'directory':
      return ['directory', trimmedPath(change.path), change.mode.toString(8)];
  }
}

/** What a reader of the host's log calls it; of a command no more than its name, as the rest may be a secret. */
function describe(change: Change): string {
  switch (change.kind) {
    case 'write':
      return `write ${change.path}`;
    case 'send':
      return `send ${change.path}`;
    case 'remove':
      return `remove ${change.path}`;
    case 'directory':
      return `make the directory ${change.path}`;
    case 'parameter':
      return `set ${change.name}`;
    case 'routing':
      return `addresses, routes and rules of IPv${change.family}`;
    case 'chains':
      return `firewall rules of IPv${change.family}`;
    case 'nft':
      return 'firewall rules of nftables';
    case 'link':
      return `link ${change.path}`;
    case 'attributes':
      return `owner and mode of ${change.path}`;
    case 'tree':
      return `remove ${change.path}`;
    case 'command':
    case 'call':
      return `the command ${change.argv[0] ?? ''}`;
  }
}

function mayChangeRules(change: Change): boolean {
  return change.kind === 'chains' || change.kind === 'nft' || isCommand(change);
}

function hasInvertedRule(change: Change): boolean {
  return (
    change.kind === 'routing' &&
    change.operations.some(
      (operation) => operation.object === 'rule' && /(^| )not( |$)/.test(operation.rule.rest),
    )
  );
}

function oneLine(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 300);
}
