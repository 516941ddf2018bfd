import { answerTo, failureOf } from '../host/answer.ts';
import {
  type ChainsState,
  type FileState,
  type NetworkInterface,
  type Query,
  query,
  type Route,
  type RunningDomain,
} from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import { iptablesChains } from '../xen/firewall.ts';
import { type DomainFile, defaultScript, readDomainFile } from './domain-file.ts';

const questions = {
  system: query.system(),
  firewalls: query.firewalls(),
  xen: query.xen(),
  interfaces: query.interfaces(),
  routes4: query.routes(4),
  routes6: query.routes(6),
  chains4: query.chains(4, ...iptablesChains),
  chains6: query.chains(6, ...iptablesChains),
  configs: query.directory('/etc/xen', ''),
  autostart: query.directory('/etc/xen/auto', ''),
  memory: query.file('/var/lib/xpush/firewall.json'),
} as const;

/** What a dom0 is asked. */
export const dom0Queries: readonly Query[] = Object.values(questions);

/** A dom0 as far as it is understood. */
export interface Dom0Seen {
  /** As the command line has it. */
  readonly argument: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly uplink: string;
  readonly version: string | null;
  readonly toolstack: 'xl' | 'xm' | null;
  /** One a guest. */
  readonly files: readonly DomainFile[];
  /** null: no toolstack answers. */
  readonly running: readonly RunningDomain[] | null;
  /** The script of vifs that name none. */
  readonly script: string;
  readonly interfaces: readonly NetworkInterface[];
  readonly routes: readonly Route[];
  /** null: there is none, or it can't be listed. */
  readonly chains: { readonly 4: ChainsState | null; readonly 6: ChainsState | null };
  /** Rules of nftables that a forwarded packet meets. */
  readonly nftRules: number;
  /** Whether FORWARD drops because xpush was told so. */
  readonly isPolicyOurs: boolean;
  readonly remarks: readonly string[];
}

/** Reads the answers of a dom0. */
export function readDom0(argument: string, state: HostState): Dom0Seen {
  const remarks = Object.values(questions).flatMap((one) => {
    const failure = failureOf(state, one);
    return failure === null ? [] : [`could not be told: ${failure}`];
  });
  const system = answerTo(state, questions.system);
  const xen = answerTo(state, questions.xen);
  const interfaces = answerTo(state, questions.interfaces) ?? [];
  const routes = [questions.routes4, questions.routes6].flatMap(
    (one) => answerTo(state, one)?.entries ?? [],
  );
  const configs = answerTo(state, questions.configs);
  const absent: FileState = { type: 'absent' };
  const configFile = (name: string) => configs?.files.get(`/etc/xen/${name}`) ?? absent;
  if (configs?.isCut === true) remarks.push('/etc/xen has more files than are read');
  if (xen?.domains === null) remarks.push('no toolstack answers: what runs is unknown');
  const chains = {
    4: usable(answerTo(state, questions.chains4), remarks),
    6: usable(answerTo(state, questions.chains6), remarks),
  };
  return {
    argument,
    hostname: system?.hostname ?? '',
    kernel: system?.kernel ?? '',
    uplink: uplinkOf(routes, interfaces),
    version: xen?.version ?? null,
    toolstack: xen?.toolstack ?? null,
    files: guestFiles(
      new Map([...(configs?.files ?? []), ...(answerTo(state, questions.autostart)?.files ?? [])]),
    ),
    running: xen?.domains ?? null,
    script: defaultScript(configFile('xl.conf'), configFile('xend-config.sxp')) ?? 'vif-bridge', // xl(1)
    interfaces,
    routes,
    chains,
    nftRules: answerTo(state, questions.firewalls)?.backends.nftables.forwarding ?? 0,
    isPolicyOurs: /^\{"closed":\["ip6?tables"/.test(contentOf(answerTo(state, questions.memory))),
    remarks,
  };
}

/** Whether this is a dom0, or was one: where no toolstack answers, the guests' files are there. */
export function isDom0(state: HostState, { files }: Dom0Seen): boolean {
  const xen = answerTo(state, questions.xen);
  return xen === null || xen.isDom0 || xen.domains !== null || files.length > 0;
}

function contentOf(file: FileState | null): string {
  return file?.type === 'file' ? (file.content ?? '') : '';
}

function usable(state: ChainsState | null, remarks: string[]): ChainsState | null {
  if (state === null || state.problem === null) return state;
  remarks.push(`its firewall can't be read: ${state.problem}`);
  return null;
}

/** A link of /etc/xen/auto is the file that it leads to. */
function guestFiles(files: ReadonlyMap<string, FileState>): readonly DomainFile[] {
  const read = [...files].flatMap(([path, file]) => readDomainFile(path, file) ?? []);
  const isLink = ({ path }: DomainFile): boolean => {
    const auto = files.get(path);
    return (
      path.startsWith('/etc/xen/auto/') &&
      read.some((other) => {
        const file = files.get(other.path);
        return (
          !other.path.startsWith('/etc/xen/auto/') &&
          contentOf(file ?? null) === contentOf(auto ?? null)
        );
      })
    );
  };
  return read.filter((file) => !isLink(file));
}

/** Where packets leave: by the default route, else by the first interface with an address. */
function uplinkOf(routes: readonly Route[], interfaces: readonly NetworkInterface[]): string {
  const isDefault = ({ destination, table }: Route): boolean =>
    table === 254 && /^(?:0\.0\.0\.0|::)\/0$/.test(destination);
  const byRoute = routes.find((route) => isDefault(route) && route.dev !== null)?.dev;
  const first = interfaces.find(
    ({ name, addresses }) => name !== 'lo' && !/^vif/.test(name) && addresses.length > 0,
  );
  return byRoute ?? first?.name ?? 'eth0';
}
