import { answerTo } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import { isBridged } from '../xen/firewall-spoof.ts';
import { runningDomain } from '../xen/running-vifs.ts';
import { reversePath } from './guest-way.ts';
import { applyHint, attachHint, type Problem, type Subject, shortly } from './model.ts';

/** The side of a routed vif that its networks are on. */
const uplinkOf = ({ vif, dom0 }: Subject): string => vif.gatewaydev ?? dom0.uplink;

const inName = (iface: string): string => iface.replaceAll('.', '/');

const parameters = {
  forwarding: { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' },
  proxy: {
    4: (iface: string) => `net.ipv4.conf.${inName(iface)}.proxy_arp`,
    6: (iface: string) => `net.ipv6.conf.${inName(iface)}.proxy_ndp`,
  },
} as const;

/**
 * What a dom0 must be asked for the way to its guests' addresses, given what it has answered: whether
 * it takes their packets depends on the vif that they come by. `farOf`: where to, in the last resort.
 */
export function dom0Queries(
  subjects: readonly Subject[],
  known: HostState,
  farOf: (subject: Subject) => string | null,
): readonly Query[] {
  const routed = subjects.filter(({ vif }) => !isBridged(vif));
  const families = new Set(routed.map(({ family }) => family));
  return [
    query.session(),
    ...(routed.length > 0 ? [query.xen()] : []),
    ...(families.has(6) ? [query.proxies()] : []),
    ...[...families].map((family) => query.parameter(parameters.forwarding[family])),
    ...routed.flatMap((subject) => [
      query.parameter(parameters.proxy[subject.family](uplinkOf(subject))),
      query.path({ to: subject.address }),
      ...(outward(subject, known, farOf) ?? []),
    ]),
  ];
}

/** The way of the guest's own packets through dom0, and what may drop them; null: not known yet. */
function outward(
  subject: Subject,
  known: HostState,
  farOf: (subject: Subject) => string | null,
): readonly Query[] | null {
  const device = deviceOf(subject, known);
  const to = farOf(subject);
  if (device === null || to === null) return null;
  return [
    query.path({ from: subject.address, iif: device, to }),
    query.parameter(reversePath(device)),
    query.parameter(reversePath('all')),
  ];
}

/** dom0's interface of the vif; null where no toolstack tells, or it is not attached. */
function deviceOf(subject: Subject, state: HostState): string | null {
  const running = runningVif(subject, state);
  return typeof running !== 'string' && plainDevice.test(running.device) ? running.device : null;
}

/** The host's own word: what is no name of an interface is not asked for. */
const plainDevice = /^(?=.{1,15}$)\w[\w-]*(?:\.[\w-]+)*$/;

function runningVif(
  { guest, vif }: Subject,
  state: HostState,
): 'unknown' | 'off' | 'missing' | { readonly device: string } {
  const domains = answerTo(state, query.xen())?.domains ?? null;
  if (domains === null) return 'unknown';
  const domain = runningDomain(guest, null, domains);
  if (domain === null) return 'off';
  return domain.vifs.find(({ mac }) => mac === vif.mac) ?? 'missing';
}

/** What is wrong on the dom0 with an address of a guest; null: it could not tell. */
export function dom0Problems(
  subject: Subject,
  state: HostState,
  far: string | null,
): readonly Problem[] | null {
  if (isBridged(subject.vif)) return [];
  const { address, family, dom0 } = subject;
  const path = answerTo(state, query.path({ to: address }));
  if (path === null) return null;
  return [
    ...uplinkProblems(subject, state),
    ...(answerTo(state, query.parameter(parameters.forwarding[family])) === '0'
      ? [
          {
            hop: 'forwarding' as const,
            host: dom0.name,
            cause: `dom0 forwards nothing (${parameters.forwarding[family]} is 0)`,
            hint: applyHint,
          },
        ]
      : []),
    ...routeProblems(subject, path, state),
    ...antispoofProblems(subject, state, far),
  ];
}

/** Whether dom0 answers for the address on the side of the networks. */
function uplinkProblems(subject: Subject, state: HostState): readonly Problem[] {
  const { address, family, dom0 } = subject;
  const uplink = uplinkOf(subject);
  const name = parameters.proxy[family](uplink);
  const wrong = { hop: 'uplink' as const, host: dom0.name, hint: applyHint };
  const value = answerTo(state, query.parameter(name));
  const asked = family === 4 ? 'ARP requests' : 'neighbour solicitations';
  if (value === null) {
    return [
      { ...wrong, cause: `there is no interface ${uplink}`, hint: 'see "uplink" in the inventory' },
    ];
  }
  if (value === '0') {
    return [
      { ...wrong, cause: `dom0 does not answer ${asked} for it on ${uplink} (${name} is 0)` },
    ];
  }
  const proxies = family === 6 ? answerTo(state, query.proxies()) : null;
  const isAnswered = proxies?.some((each) => each.ip === address && each.dev === uplink) ?? true;
  return isAnswered
    ? []
    : [
        {
          ...wrong,
          cause: `dom0 does not answer ${asked} for it on ${uplink} (no proxy neighbour)`,
        },
      ];
}

function routeProblems(
  subject: Subject,
  path: { readonly dev: string | null; readonly error: string | null },
  state: HostState,
): readonly Problem[] {
  const { dom0, family } = subject;
  const running = runningVif(subject, state);
  const wrong = { hop: 'route' as const, host: dom0.name };
  if (running === 'off') {
    return [{ ...wrong, cause: 'the guest does not run', hint: 'create it' }];
  }
  if (running === 'missing') {
    const cause = `the running guest has no vif with the MAC of ${subject.vif.iface}`;
    return [{ ...wrong, cause, hint: attachHint }];
  }
  const device = running === 'unknown' ? null : running.device;
  const hint =
    family === 6
      ? applyHint
      : "the vif's script sets the route: create the guest anew, or add it by ip route";
  if (path.error !== null)
    return [{ ...wrong, cause: `dom0 has no route to it (${shortly(path.error)})`, hint }];
  const uplink = uplinkOf(subject);
  if (path.dev === uplink) {
    return [
      { ...wrong, cause: `dom0 has no route to its vif and sends it out of ${uplink}`, hint },
    ];
  }
  if (path.dev === 'lo') {
    return [{ ...wrong, cause: 'dom0 has the address itself', hint: 'give dom0 another address' }];
  }
  return device === null || path.dev === device
    ? []
    : [{ ...wrong, cause: `dom0 sends it to ${path.dev}, and its vif is another`, hint }];
}

/** Whether the kernel refuses a packet for its sender: EXDEV, before Linux 2.6.38 EINVAL. */
function isRefusal(error: string, isStrict: boolean): boolean {
  return /cross-device/i.test(error) || (isStrict && /invalid argument/i.test(error));
}

/** Whether an interface of dom0 drops senders that it would not send to (ip-sysctl: the larger of two counts). */
function isStrict(device: string, state: HostState): boolean {
  const values = ['all', device].map((name) =>
    Number(answerTo(state, query.parameter(reversePath(name))) ?? 0),
  );
  return Math.max(...values) === 1;
}

function antispoofProblems(
  subject: Subject,
  state: HostState,
  far: string | null,
): readonly Problem[] {
  const { address, dom0 } = subject;
  const device = deviceOf(subject, state);
  if (device === null || far === null) return [];
  const path = answerTo(state, query.path({ from: address, iif: device, to: far }));
  return path?.error != null && isRefusal(path.error, isStrict(device, state))
    ? [
        {
          hop: 'antispoof',
          host: dom0.name,
          cause: 'dom0 drops what comes from it by its vif (rp_filter)',
          hint: null,
        },
      ]
    : [];
}

/** Who drops packets of the address that come by another vif than its own, in words; null: nobody known. */
export function spoofDropper({ dom0, vif, family }: Subject, state: HostState): string | null {
  if (isBridged(vif)) return null;
  const others = answerTo(state, query.xen())?.domains?.flatMap(({ vifs }) => vifs) ?? [];
  if (family === 4 && others.some(({ device }) => isStrict(device, state)))
    return 'dom0 drops them (rp_filter): a black hole';
  return dom0.antispoof ? 'dom0 drops them (anti-spoofing): a black hole' : null;
}
