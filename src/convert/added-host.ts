import { type KeptMap, type KeptPair, keptMap, keptText } from '../source/kept-yaml.ts';
import { Unconvertible } from './talk.ts';

/** Variables of Ansible's that say how to reach a host, and what says it in an inventory. */
const ways: Readonly<Record<string, string>> = {
  ansible_user: 'user',
  ansible_ssh_user: 'user',
  ansible_port: 'port',
  ansible_ssh_port: 'port',
  ansible_ssh_private_key_file: 'identity',
  ansible_connection: 'transport',
};

/** A host that a task adds: what is none of its parameters is a variable, or says how to reach it. */
export function addedHost(params: KeptMap, isParameter: (name: string) => boolean): KeptMap {
  const own = params.pairs.filter(({ key }) => isParameter(key));
  const others = params.pairs.filter(({ key }) => !isParameter(key));
  const ssh = others.filter(({ key }) => Object.hasOwn(ways, key)).map(wayOf);
  const vars = others.filter(({ key }) => !Object.hasOwn(ways, key));
  const unknown = vars.find(({ key }) => key.startsWith('ansible_'));
  if (unknown !== undefined) {
    throw new Unconvertible(`add_host has no ${unknown.key}: see how inventories say it`);
  }
  return { ...params, pairs: [...own, ...inside('ssh', ssh), ...inside('vars', vars)] };
}

function wayOf(pair: KeptPair): KeptPair {
  const key = ways[pair.key] ?? pair.key;
  const isOther = key === 'transport' && keptText(pair.value) !== 'local';
  if (isOther) throw new Unconvertible('add_host: a connection is ssh, or local');
  return { ...pair, key };
}

function inside(key: string, pairs: readonly KeptPair[]): readonly KeptPair[] {
  const [first] = pairs;
  return first === undefined ? [] : [{ ...first, key, value: keptMap(pairs, true) }];
}
