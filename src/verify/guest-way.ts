import { answerTo, failureOf } from '../host/answer.ts';
import { type PathAnswer, type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import { formatIp, holdsIp, lastIpOf, parseIp, parseIpNetwork } from '../inventory/address.ts';
import type { DomU } from '../inventory/model.ts';
import { liveVifs } from '../xen/live-vif.ts';
import { needsTable } from '../xen/routing.ts';
import { sideOf } from '../xen/vif-side.ts';
import { applyHint, attachHint, type Problem, type Subject, shortly } from './model.ts';

/** Addresses that packets of a subject go to, for a proof; null: it has no way there at all. */
export interface Targets {
  /** In the subject's own network. */
  readonly near: string | null;
  /** Behind its gateway. */
  readonly far: string | null;
}

/** `far`: an address beyond all networks. */
export function targetsOf(subject: Subject, far: string | null): Targets {
  const side = sideOf(subject.vif, subject.family);
  const gateway = side?.gateway ?? null;
  return { near: neighbourOf(subject), far: gateway === null ? null : far };
}

/** The gateway, else any other address of the network: which one makes no difference to the way. */
function neighbourOf({ address, family, vif }: Subject): string | null {
  const network = (family === 4 ? vif.ipv4 : vif.ipv6)?.network;
  const subnet = network === undefined ? null : parseIpNetwork(network.subnet);
  if (network === undefined || subnet === null) return null;
  const gateway = network.gateway === null ? null : parseIp(network.gateway);
  if (gateway !== null && holdsIp(subnet, gateway)) return network.gateway;
  const last = lastIpOf(subnet).number;
  for (let number = subnet.first + 1n; number < last; number += 1n) {
    const other = formatIp({ family, number });
    if (!vif.ips.includes(other) && other !== address) return other;
  }
  return null;
}

/** What a guest must be asked for the way out of its addresses. */
export function guestQueries(
  guest: DomU,
  subjects: readonly Subject[],
  farOf: (subject: Subject) => string | null,
): readonly Query[] {
  const families = new Set(subjects.map(({ family }) => family));
  return [
    query.interfaces(),
    query.session(),
    ...[...families].flatMap((family) => [query.rules(family), query.routes(family)]),
    ...(families.has(4)
      ? ['all', ...guest.vifs.map(({ iface }) => iface)].map((name) =>
          query.parameter(reversePath(name)),
        )
      : []),
    ...subjects.flatMap((subject) => {
      const { near, far } = targetsOf(subject, farOf(subject));
      return [near, far].flatMap((to) =>
        to === null ? [] : [query.path({ from: subject.address, to })],
      );
    }),
  ];
}

/** sysctl(8)'s name of an interface's rp_filter. */
export const reversePath = (iface: string): string =>
  `net.ipv4.conf.${iface.replaceAll('.', '/')}.rp_filter`;

/**
 * What is wrong on a guest with an address of it; null: the guest could not tell. `dropper`: who drops
 * packets that leave by another interface, in words; null: nobody is known.
 */
export function guestProblems(
  subject: Subject,
  state: HostState,
  far: string | null,
  dropper: string | null,
): readonly Problem[] | null {
  const { guest, vif, address } = subject;
  const interfaces = answerTo(state, query.interfaces());
  if (interfaces === null) return null;
  const at = { host: guest.name } as const;
  const link = liveVifs(guest, interfaces).find((live) => live.vif === vif)?.link ?? null;
  const problem = (cause: string, hint: string | null): readonly Problem[] => [
    { ...at, hop: 'interface', cause, hint },
  ];
  if (link === null) {
    return problem(`the guest has no interface with the MAC of ${vif.iface}`, attachHint);
  }
  if (!link.isUp) return problem(`${link.name} is down`, `ifup ${link.name}`);
  const holder = interfaces.find(({ addresses }) => addresses.some(({ ip }) => ip === address));
  if (holder === undefined) {
    return problem(`${link.name} does not have the address`, applyHint);
  }
  if (holder !== link) {
    return problem(`the address is on ${holder.name}, not on ${link.name}`, applyHint);
  }

  const { near, far: beyond } = targetsOf(subject, far);
  for (const [to, isFar] of [[near, false] as const, [beyond, true] as const]) {
    if (to === null) continue;
    const asked = query.path({ from: address, to });
    const path = answerTo(state, asked);
    if (path === null) {
      if (failureOf(state, asked) === null) continue;
      return null;
    }
    const cause = wrongWay(subject, link.name, path, isFar, state, dropper);
    if (cause !== null) return [{ ...at, hop: 'way_back', cause, hint: applyHint }];
  }
  return [];
}

/** What is wrong with the way of a packet, and why; null: nothing. */
function wrongWay(
  subject: Subject,
  dev: string,
  path: PathAnswer,
  isFar: boolean,
  state: HostState,
  dropper: string | null,
): string | null {
  const { guest, vif, family } = subject;
  const side = sideOf(vif, family);
  const gateway = isFar || side?.subnet === null ? (side?.gateway ?? null) : null;
  const where = isFar ? 'beyond its network' : 'in its network';
  const why = reasonOf(subject, dev, state);
  if (path.error !== null)
    return `it has no way to what is ${where} (${shortly(path.error)})${why}`;
  if (path.dev !== dev) {
    const drops = dropper ?? ownDropper(dev, state);
    const drop = drops === null ? '' : `; ${drops}`;
    return `answers leave by ${path.dev}, not by ${dev}${why}${drop}`;
  }
  if (gateway !== null && path.via !== null && path.via !== gateway) {
    return `answers leave by way of ${path.via}, not of ${gateway}${why}`;
  }
  if (gateway !== null && path.via === null) {
    return `what is ${where} is looked for on the link of ${dev}, not at ${gateway}${why}`;
  }
  const isElsewhere = path.table !== null && path.table !== 254 && path.table !== vif.table.id;
  if (needsTable(guest, vif, family) && isElsewhere) {
    return `table ${path.table} decides, not table ${vif.table.id}${why}`;
  }
  return null;
}

/** What is missing for the address among rules and tables, as the end of a sentence. */
function reasonOf({ guest, vif, family, address }: Subject, dev: string, state: HostState): string {
  if (!needsTable(guest, vif, family)) return '';
  const rules = answerTo(state, query.rules(family))?.entries ?? null;
  const routes = answerTo(state, query.routes(family))?.entries ?? null;
  const table = vif.table.id;
  const own = new Set([address, `${address}/${family === 4 ? 32 : 128}`]);
  const rule = rules?.find((each) => own.has(each.from) && each.table === table);
  if (rules !== null && rule === undefined) {
    return `: no rule sends what comes from it to table ${table}`;
  }
  const earlier = rules?.find(
    (each) =>
      rule !== undefined &&
      each.priority < rule.priority &&
      each.from !== 'all' &&
      own.has(each.from),
  );
  const present = routes?.filter((each) => each.table === table) ?? null;
  if (present !== null && present.length === 0) return `: table ${table} is empty`;
  if (present !== null && !present.some((each) => each.dev === dev)) {
    return `: table ${table} has no route by ${dev}`;
  }
  return earlier === undefined
    ? ''
    : `: the rule of priority ${earlier.priority} sends it to table ${earlier.table}`;
}

/** A guest that drops what comes in by an interface that it would not answer by. */
function ownDropper(dev: string, state: HostState): string | null {
  const values = ['all', dev].map((name) =>
    Number(answerTo(state, query.parameter(reversePath(name))) ?? 0),
  );
  return Math.max(...values) === 1
    ? `the guest drops what comes in by ${dev} then (rp_filter): a black hole`
    : null;
}
