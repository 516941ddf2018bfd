import {
  type KeptMap,
  type KeptNode,
  type KeptPair,
  keptList,
  keptMap,
  keptPair,
  keptScalar,
  keptText,
} from '../source/kept-yaml.ts';
import { steps } from '../steps/index.ts';
import { parametersOf } from '../steps/parameters.ts';
import type { Step } from '../steps/step.ts';
import { addedHost } from './added-host.ts';
import { fitted } from './fitted.ts';
import { argumentsOf, withArgs } from './module-arguments.ts';
import type { ModuleEntry } from './module-entry.ts';
import { bareName, moduleNamed } from './modules.ts';
import { rewriteExpressions, rewriteNode } from './rewrite-node.ts';
import { commandWords } from './split-words.ts';
import { type Remarks, Unconvertible } from './talk.ts';

const byName = new Map(steps.map((step) => [step.name, step]));

/** A step with its parameters, and the keywords that it needs. */
export interface ConvertedStep {
  readonly name: string;
  readonly params: KeptNode;
  readonly keywords: readonly KeptPair[];
  /** It only reads, and says so. */
  readonly isRead: boolean;
}

/** What the keywords of a task say of its step. */
interface Said {
  /** Whether the task says itself when it changes something. */
  readonly isToldChange: boolean;
  /** Whether it changes nothing, and is done in a check too. */
  readonly isRead: boolean;
  readonly remarks: Remarks;
}

/**
 * The step that does what a module does. Throws `Unconvertible` where there is none, or where the
 * task would be another one.
 */
export function convertStep(
  module: string,
  written: KeptNode,
  args: KeptNode | undefined,
  { isToldChange, isRead, remarks }: Said,
): ConvertedStep {
  const entry = moduleNamed(module);
  const bare = bareName(module);
  if (entry?.step === null) {
    throw new Unconvertible(`xpush has no step for ${bare}: ${entry.note ?? ''}`);
  }
  const given = withArgs(argumentsOf(written, entry), args);
  if (isReloadOnly(bare, given)) return reload;
  const [step, name] = stepFor(entry, bare);
  const pairs = given.pairs.flatMap((pair) => parameter(pair, entry, step, name, remarks));
  const params = shaped({ ...given, pairs }, bare, step);
  const isSaid = params.pairs.some(({ key }) => step.mustSay.includes(key));
  const mayRead = isRead && !isSaid && step.mustSay.includes('changes');
  const says = step.mustSay.length > 0 && !isToldChange && !isSaid;
  const isInside = mayRead || (says && step.mustSay.includes('changes'));
  const word = keptPair('changes', mayRead ? 'never' : 'always');
  const all = isInside ? { ...params, pairs: [...params.pairs, word] } : params;
  return {
    name: step.name,
    params: short(all, step),
    keywords: says && !isInside ? [keptPair('changed_when', true)] : [],
    isRead: mayRead,
  };
}

/** `systemd: daemon_reload=yes` without a unit. */
function isReloadOnly(module: string, { pairs }: KeptMap): boolean {
  const isOfSystemd = module === 'systemd' || module === 'systemd_service';
  return isOfSystemd && pairs.length === 1 && /^daemon[-_]reload$/.test(pairs[0]?.key ?? '');
}

const reload: ConvertedStep = {
  name: 'command',
  params: keptMap([
    keptPair('argv', keptList([keptScalar('systemctl'), keptScalar('daemon-reload')], true)),
    keptPair('changes', 'always'),
  ]),
  keywords: [],
  isRead: false,
};

/** `shell` may be a parameter of `command`. */
function stepFor(entry: ModuleEntry | undefined, bare: string): readonly [Step, string] {
  const name = entry?.step ?? bare;
  const step = byName.get(name) ?? (name === 'shell' ? byName.get('command') : undefined);
  if (step !== undefined) return [step, name];
  throw new Unconvertible(
    entry === undefined
      ? `xpush has no step for ${bare}: write a "command" task, or a step of your own`
      : `unknown step ${name}: this xpush does not have it`,
  );
}

function parameter(
  pair: KeptPair,
  entry: ModuleEntry | undefined,
  step: Step,
  name: string,
  remarks: Remarks,
): readonly KeptPair[] {
  const key = entry?.renamed?.[pair.key] ?? pair.key;
  const takes = (one: string): boolean => parametersOf(step).some((own) => own.name === one);
  if (!takes(key)) {
    const { dropped = {}, refused = {}, lost = {}, usual = {} } = entry ?? {};
    if (dropped[key] !== undefined) return [];
    const value = pair.value.kind === 'scalar' ? pair.value.value : undefined;
    const isUsual = isSame(value, usual[key] ?? false);
    const why = refused[key] ?? lost[key];
    if (why !== undefined && isUsual) return [];
    if (refused[key] !== undefined) throw new Unconvertible(`${name} has no ${key}: ${why}`);
    if (why !== undefined) {
      remarks.say(`${name} has no ${key}: ${why}`);
      return [];
    }
  }
  const rewritten = step.expressions.includes(key)
    ? rewriteExpressions(pair.value, remarks)
    : rewriteNode(pair.value, remarks);
  const word = keptText(rewritten);
  const other = word === null ? undefined : entry?.words?.[key]?.[word];
  const value =
    other === undefined ? asPython(rewritten, entry?.texts?.includes(key)) : keptScalar(other);
  return [{ ...pair, key, value: fitted(step.params.entries[key], value) }];
}

/** Ansible writes a truth value into a text as Python does. */
function asPython(node: KeptNode, isText = false): KeptNode {
  if (!isText || node.kind !== 'scalar' || typeof node.value !== 'boolean') return node;
  return { ...node, value: node.value ? 'True' : 'False', style: 'single' };
}

/** Whether a value is the one that says nothing. */
function isSame(value: unknown, usual: string | boolean): boolean {
  if (typeof usual === 'string') return value === usual;
  return (usual ? /^(?:yes|true|on)$/i : /^(?:no|false|off)$/i).test(String(value));
}

/** What the parameters of commands and the like need beyond their names. */
function shaped(params: KeptMap, module: string, step: Step): KeptMap {
  const has = (one: string): boolean => Object.hasOwn(step.params.entries, one);
  const at = params.pairs.findIndex(({ key }) => key === 'cmd');
  const cmd = params.pairs[at];
  if (module === 'apt_repository') return named(params);
  if (module === 'add_host') return addedHost(params, has);
  if (cmd === undefined || has('cmd')) return marked(params, module);
  const line = keptText(cmd.value) ?? '';
  if (module === 'script') {
    const [src = '', ...args] = commandWords(line);
    const more = args.length === 0 ? [] : [keptPair('args', argvOf(args))];
    const pairs = [{ ...cmd, key: 'src', value: keptScalar(src) }, ...more];
    return { ...params, pairs: params.pairs.toSpliced(at, 1, ...pairs) };
  }
  const pair =
    module === 'shell' && has('shell')
      ? { ...cmd, key: 'shell' }
      : {
          ...cmd,
          key: 'argv',
          value: argvOf(commandWords(line)),
        };
  return { ...params, pairs: params.pairs.with(at, pair) };
}

function argvOf(words: readonly string[]): KeptNode {
  const items = words.map((word) => keptScalar(word));
  return { kind: 'list', items, isFlow: true, before: [], behind: [], isApart: false };
}

/** A repository without a name has that of its address, as Ansible's files have. */
function named(params: KeptMap): KeptMap {
  if (params.pairs.some(({ key }) => key === 'name')) return params;
  const repo = keptText(params.pairs.find(({ key }) => key === 'repo')?.value) ?? '';
  const address = /\w+:\/\/([^\s{]+)/.exec(repo)?.[1];
  if (address === undefined) throw new Unconvertible('a repository is written with its address');
  const name = address.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '');
  return { ...params, pairs: [keptPair('name', name.toLowerCase()), ...params.pairs] };
}

/** Blocks that Ansible wrote are found again by its marker. */
function marked(params: KeptMap, module: string): KeptMap {
  if (module !== 'blockinfile' || params.pairs.some(({ key }) => key === 'marker')) return params;
  const marker = keptPair('marker', '# {mark} ANSIBLE MANAGED BLOCK');
  return { ...params, pairs: [...params.pairs, marker] };
}

/** One parameter that the step takes as a text; none: nothing is written. */
function short(params: KeptMap, { shorthand }: Step): KeptNode {
  const [only, ...more] = params.pairs;
  if (only === undefined) return keptScalar(null);
  const isShort = more.length === 0 && only.key === shorthand && only.value.kind === 'scalar';
  return isShort ? { ...only.value, before: params.before, isApart: false } : params;
}
