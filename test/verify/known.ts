import type { Observation } from '../../src/host/look-program.ts';
import {
  type Answer,
  type Listing,
  type PathAnswer,
  type Query,
  queryKey,
} from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import type { DomU } from '../../src/inventory/model.ts';
import type { Subject } from '../../src/verify/model.ts';
import { guest, vif, webserv, xen1 } from '../xen/fleet.ts';

/** An answer to a query, or what the host said in place of one. */
export type Known = readonly [key: string, observation: Observation];

export const answered = <Q extends Query>(asked: Q, answer: Answer<Q>): Known => [
  queryKey(asked),
  { answer },
];
export const failed = (asked: Query, failure: string): Known => [queryKey(asked), { failure }];

/** The state of a host that was told this much; what comes later goes before. */
export const stateOf = (...known: readonly Known[]): HostState => new HostState(new Map(known));

/** The i-th address of a guest, of its i-th vif. */
export function subjectOf(domU: DomU, place: number): Subject {
  const [vifOf] = domU.vifs.slice(place);
  const [address] = vifOf?.ips ?? [];
  if (vifOf === undefined || address === undefined) throw new Error('no such address');
  return { address, family: address.includes(':') ? 6 : 4, guest: domU, vif: vifOf, dom0: xen1 };
}

export const second = subjectOf(webserv, 1);

/** A guest with both families on one vif. */
export const dual: DomU = guest('dual', [
  {
    ...vif(
      0,
      webserv.vifs[0]?.ipv4?.network ?? { name: '', subnet: '', gateway: null, vlan: null },
      ['192.168.0.230'],
    ),
    ips: ['192.168.0.230', '2001:db8:1::230'],
    ipv6: {
      ips: ['2001:db8:1::230'],
      network: { name: 'lan6', subnet: '2001:db8:1::/64', gateway: 'fe80::1', vlan: null },
      prefix: 64,
      priorities: [1001],
    },
  },
]);

export const path = (given: Partial<PathAnswer>): PathAnswer => ({
  dev: null,
  via: null,
  src: null,
  table: null,
  error: null,
  ...given,
});

export const listing = <Entry>(...entries: readonly Entry[]): Listing<Entry> => ({
  entries,
  fingerprint: null,
});
