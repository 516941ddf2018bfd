import type { Answer, ChainsState, FileState, Query, Route } from '../../src/host/query.ts';
import { queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import type { Dom0Seen } from '../../src/import/dom0.ts';
import type { DomainFile } from '../../src/import/domain-file.ts';
import { parseVifEntry } from '../../src/xen/vif-entry.ts';

/** A state in which these queries are answered. */
export function stateOf(...answers: readonly (readonly [Query, Answer<Query>])[]): HostState {
  return new HostState(new Map(answers.map(([one, answer]) => [queryKey(one), { answer }])));
}

/** A readable file. */
export function file(content: string): FileState {
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, size: content.length, content };
}

export const aRoute: Route = {
  table: 254,
  destination: '0.0.0.0/0',
  via: null,
  dev: null,
  scope: null,
  src: null,
  metric: null,
  rest: '',
};

/** A dom0 on 192.168.0.0/24 with nothing on it. */
export const bareDom0: Dom0Seen = {
  argument: 'xen1',
  hostname: 'xen1',
  kernel: '6.1.0',
  uplink: 'eth0',
  version: '4.17',
  toolstack: 'xl',
  files: [],
  running: [],
  script: 'vif-bridge',
  interfaces: [
    {
      name: 'eth0',
      mac: '02:00:00:00:00:01',
      isUp: true,
      addresses: [{ ip: '192.168.0.100', prefix: 24 }],
    },
  ],
  routes: [{ ...aRoute, via: '192.168.0.1', dev: 'eth0' }],
  chains: { 4: null, 6: null },
  nftRules: 0,
  isPolicyOurs: false,
  remarks: [],
};

export function domainFile(name: string, ...vifs: readonly string[]): DomainFile {
  return { path: `/etc/xen/${name}.cfg`, name, vifs: vifs.map(parseVifEntry), problems: [] };
}

/** Chains with these rules. */
export function chainsOf(
  chains: Readonly<Record<string, readonly string[]>>,
  policy: 'ACCEPT' | 'DROP' = 'ACCEPT',
): ChainsState {
  return {
    listed: Object.keys(chains),
    chains: new Map(Object.entries(chains)),
    policies: new Map([['FORWARD', policy]]),
    spelled: new Map(),
    problem: null,
    fingerprint: '0 0',
  };
}
