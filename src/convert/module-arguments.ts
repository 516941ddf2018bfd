import {
  type KeptMap,
  type KeptNode,
  type KeptPair,
  keptMap,
  keptPair,
  keptScalar,
} from '../source/kept-yaml.ts';
import type { ModuleEntry } from './module-entry.ts';
import { splitWords, unquoted } from './split-words.ts';
import { Unconvertible } from './talk.ts';

/** What a free text of a command may say before or behind the command. */
const besideText = ['chdir', 'creates', 'removes', 'executable', 'stdin', 'warn', 'decrypt'];

/**
 * The parameters of a module as a map, however they are written: as a map, as `name=value` in a
 * line, or as a free text. Throws `Unconvertible` when they are none of these.
 */
export function argumentsOf(node: KeptNode, entry: ModuleEntry | undefined): KeptMap {
  if (node.kind === 'map') return node;
  if (node.kind === 'list') throw new Unconvertible('its parameters are a list');
  const { before, behind, isApart } = node;
  if (node.value === null) return keptMap([]);
  const line = String(node.value);
  const pairs =
    entry?.freeForm === undefined ? namedIn(line) : freeForm(line, entry.freeForm, node);
  return { ...keptMap(pairs), before, behind, isApart };
}

function namedIn(line: string): readonly KeptPair[] {
  return splitWords(line).map((word) => {
    const [, name, value = ''] = /^([\w-]+)=([\s\S]*)$/.exec(word) ?? [];
    if (name !== undefined) return keptPair(name, unquoted(value));
    const said = /^\{\{/.test(word)
      ? 'its parameters are a variable: write them out'
      : `"${word}" among its parameters has no name`;
    throw new Unconvertible(said);
  });
}

function freeForm(line: string, parameter: string, node: KeptNode): readonly KeptPair[] {
  const words = splitWords(line);
  const isNamed = (word: string): boolean =>
    [...besideText, parameter].some((name) => word.startsWith(`${name}=`));
  const beside = words.filter(isNamed);
  if (beside.length === 0) return [keptPair(parameter, { ...textLike(node, line), behind: [] })];
  // blanks between words stay as they are where nothing is taken out
  const rest = words.filter((word) => !isNamed(word)).join(' ');
  const own = rest === '' ? [] : [keptPair(parameter, rest)];
  return [...own, ...beside.flatMap((word) => namedIn(word))];
}

function textLike(node: KeptNode, line: string) {
  const style = node.kind === 'scalar' ? node.style : 'plain';
  return { ...keptScalar(line.replace(/\n$/, '')), style };
}

/** Parameters, then those of `args` that they do not have. */
export function withArgs(parameters: KeptMap, args: KeptNode | undefined): KeptMap {
  if (args === undefined || (args.kind === 'scalar' && args.value === null)) return parameters;
  if (args.kind !== 'map') throw new Unconvertible('args is a variable: write the parameters out');
  const known = new Set(parameters.pairs.map(({ key }) => key));
  const more = args.pairs.filter(({ key }) => !known.has(key));
  return { ...parameters, pairs: [...parameters.pairs, ...more] };
}
