import { type KeptNode, type KeptPair, keptPair, keptText } from '../source/kept-yaml.ts';
import { rewriteNode } from './rewrite-node.ts';
import { type Remarks, Unconvertible } from './talk.ts';

/** Paths that a pattern of the controller's matches today. */
export type Glob = (pattern: string) => readonly string[];

const noLookup = 'its items come from the controller: write them out, or into a variable';

/** `with_items` and its kind as `loop`. Throws `Unconvertible` for what is no list known beforehand. */
export function convertLoop(pair: KeptPair, glob: Glob, remarks: Remarks): KeptPair {
  const value = rewriteNode(pair.value, remarks);
  const loop = (node: KeptNode | string): KeptPair => {
    const made = typeof node === 'string' ? keptPair('loop', node) : keptPair('loop', node);
    const { before, behind, isApart } = pair;
    return { ...made, before, behind, isApart };
  };
  const kind = pair.key.replace(/^with_/, '').replace(/^(?:\w+\.){2}/, '');
  switch (kind) {
    case 'list':
      return loop(asTemplate(value, ''));
    case 'items':
    case 'flattened':
      return loop(asTemplate(value, kind === 'items' ? ' | flatten(levels=1)' : ' | flatten'));
    case 'dict':
      return loop(asTemplate(value, ' | dict2items'));
    case 'together':
      return loop(of(value, (one, others) => `${one} | zip(${others.join(', ')}) | list`));
    case 'nested':
    case 'cartesian':
      return loop(of(value, (one, others) => `${one} | product(${others.join(', ')}) | list`));
    case 'subelements':
      return loop(of(value, (one, [key = "''"]) => `${one} | subelements(${key})`));
    case 'sequence':
      return loop(sequence(keptText(value) ?? ''));
    case 'fileglob':
      return loop(globbed(value, glob, remarks));
    default:
      throw new Unconvertible(`${pair.key}: ${noLookup}`);
  }
}

/** A list as it is where nothing is to be done to it, else a template. */
function asTemplate(node: KeptNode, filters: string): KeptNode | string {
  if (node.kind === 'list') {
    const isFlat = node.items.every(
      (item) =>
        item.kind === 'map' || (item.kind === 'scalar' && !/^\{\{/.test(String(item.value))),
    );
    if (isFlat || filters === '') return node;
  }
  return `{{ ${inner(node)}${filters} }}`;
}

/** What stands in braces, or a literal. Throws `Unconvertible`. */
function inner(node: KeptNode): string {
  switch (node.kind) {
    case 'list':
      return `[${node.items.map(inner).join(', ')}]`;
    case 'map':
      return `{${node.pairs.map(({ key, value }) => `${literal(key)}: ${inner(value)}`).join(', ')}}`;
    case 'scalar': {
      if (typeof node.value !== 'string') return String(node.value);
      const [, expression] = /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(node.value) ?? [];
      if (expression !== undefined && !expression.includes('}}')) return expression.trim();
      if (node.value.includes('{{')) throw new Unconvertible('its items are parts of templates');
      return literal(node.value);
    }
  }
}

function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
}

function of(
  node: KeptNode,
  write: (first: string, others: readonly string[]) => string,
): KeptNode | string {
  const [first, ...others] = node.kind === 'list' ? node.items.map(inner) : [];
  if (first === undefined || others.length === 0) {
    throw new Unconvertible('it loops over no list of lists');
  }
  return `{{ ${write(first.includes('|') ? `(${first})` : first, others)} }}`;
}

/** `start=1 end=5 stride=2`, or `1-5`: Ansible's items are texts. */
function sequence(text: string): string {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const said = new Map(
    from === undefined || to === undefined
      ? [...text.matchAll(/(\w+)=(\{\{.*?\}\}|\S+)/g)].map(([, name = '', value = '']) => [
          name,
          value,
        ])
      : [
          ['start', from],
          ['end', to],
        ],
  );
  if (said.has('format'))
    throw new Unconvertible('with_sequence: format: write a template instead');
  const bare = (value: string): string => /^\{\{(.*)\}\}$/.exec(value)?.[1]?.trim() ?? value;
  const start = bare(said.get('start') ?? '1');
  const stride = bare(said.get('stride') ?? '1');
  const [end, count] = [said.get('end'), said.get('count')].map((one) =>
    one === undefined ? undefined : bare(one),
  );
  const stop = count === undefined ? `${end ?? start} + 1` : `${start} + ${stride} * ${count}`;
  return `{{ range(${start}, ${stop}, ${stride}) | map('string') | list }}`;
}

function globbed(node: KeptNode, glob: Glob, remarks: Remarks): KeptNode {
  const patterns =
    node.kind === 'list' ? node.items.map((item) => keptText(item)) : [keptText(node)];
  const found = patterns.flatMap((pattern) => {
    if (pattern === null || pattern.includes('{{')) {
      throw new Unconvertible('with_fileglob: a pattern that is a template: write the files out');
    }
    return glob(pattern);
  });
  remarks.say(
    'with_fileglob: these are the files of today; or copy the directory, with "src: directory/"',
  );
  const items = found.map((path) => keptPair('', path).value);
  return { kind: 'list', items, isFlow: false, before: [], behind: [], isApart: false };
}
