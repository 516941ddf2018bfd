import type { Inventory, PlainHost } from './model.ts';
import { plainHost } from './plain-host.ts';

const position = { file: 'the command line', line: 1, column: 1 };

/**
 * Plain machines with nothing but a name, to be reached as `ssh NAME` would: a fleet for commands
 * that take hosts in place of an inventory.
 */
export function namedHosts(names: readonly string[]): Inventory {
  const hosts = names.map((name): PlainHost => ({ ...plainHost(name, position), groups: ['all'] }));
  return {
    networks: new Map(),
    hosts: new Map(hosts.map((host) => [host.name, host])),
    groups: new Map([['all', { name: 'all', hosts: [...names], children: [] }]]),
    playbooks: [],
  };
}
