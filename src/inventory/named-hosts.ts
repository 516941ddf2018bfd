import { type Inventory, noExpectation, type PlainHost, usualSafety } from './model.ts';

/**
 * Plain machines with nothing but a name, to be reached as `ssh NAME` would: a fleet for commands
 * that take hosts in place of an inventory.
 */
export function namedHosts(names: readonly string[]): Inventory {
  const hosts = names.map((name): PlainHost => ({ ...unsaid, name, address: name }));
  return {
    networks: new Map(),
    hosts: new Map(hosts.map((host) => [host.name, host])),
    groups: new Map([['all', { name: 'all', hosts: [...names], children: [] }]]),
    playbooks: [],
  };
}

const unsaid = {
  kind: 'host',
  ssh: {
    user: null,
    port: null,
    identity: null,
    password: null,
    jump: null,
    hostKey: null,
    knownHosts: null,
    hostKeyChecking: null,
    connectTimeoutSeconds: null,
    legacyAlgorithms: false,
    transport: null,
  },
  become: null,
  vars: {},
  groups: ['all'],
  safety: usualSafety,
  expect: noExpectation,
  position: { file: 'the command line', line: 1, column: 1 },
} as const;
