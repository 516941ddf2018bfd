import { answerTo } from '../host/answer.ts';
import {
  type FileState,
  type NetworkInterface,
  type Query,
  query,
  type Route,
  type Rule,
} from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { DraftDomU } from './draft.ts';

const questions = {
  network: query.network(),
  interfaces: query.interfaces(),
  rules: query.rules(4),
  routes4: query.routes(4),
  routes6: query.routes(6),
  tables: query.file('/etc/iproute2/rt_tables'),
  iftab: query.file('/etc/iftab'),
  udev: query.file('/etc/udev/rules.d/70-persistent-net.rules'),
  links: query.directory('/etc/systemd/network', '.link'),
  netplan: query.directory('/etc/netplan', '.yaml'),
  stanzas: query.file('/etc/network/interfaces'),
} as const;

/** What a guest is asked. */
export const guestQueries: readonly Query[] = Object.values(questions);

/** A guest from within. */
export interface Inside {
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  /** Names of routing tables by number. */
  readonly tables: ReadonlyMap<number, string>;
  readonly networkConfig: DraftDomU['networkConfig'];
  /** How interface names are tied to these MACs (lower case); null: by what configures the network. */
  readonly namesOf: (macs: readonly string[]) => DraftDomU['names'];
}

/** Reads the answers of a guest. */
export function readInside(state: HostState): Inside {
  const network = answerTo(state, questions.network);
  const text = (file: FileState | null | undefined): string =>
    file?.type === 'file' ? (file.content ?? '').toLowerCase() : '';
  const links = answerTo(state, questions.links)?.files.values() ?? [];
  const netplan = [...(answerTo(state, questions.netplan)?.files.values() ?? [])].map(text);
  const places = {
    iftab: text(answerTo(state, questions.iftab)),
    udev: text(answerTo(state, questions.udev)),
    link: [...links].map(text).join('\n'),
  };
  return {
    interfaces: answerTo(state, questions.interfaces) ?? [],
    rules: answerTo(state, questions.rules)?.entries ?? [],
    routes: [questions.routes4, questions.routes6].flatMap(
      (one) => answerTo(state, one)?.entries ?? [],
    ),
    tables: tableNames(answerTo(state, questions.tables)),
    // said where nothing else tells: the file is there, its reader is not
    networkConfig:
      network?.manager === null &&
      /^[ \t]*iface[ \t]/m.test(text(answerTo(state, questions.stanzas)))
        ? 'ifupdown'
        : null,
    namesOf: (macs) => {
      const tied = (['iftab', 'udev', 'link'] as const).find((place) =>
        macs.some((mac) => places[place].includes(mac)),
      );
      const isTiedByNetplan = netplan.some(
        (file) => file.includes('set-name') && macs.some((mac) => file.includes(mac)),
      );
      return tied ?? (network?.manager === 'netplan' && isTiedByNetplan ? null : 'none');
    },
  };
}

/** As `ip` reads rt_tables: the last line of a number counts. */
function tableNames(file: FileState | null): ReadonlyMap<number, string> {
  const content = file?.type === 'file' ? (file.content ?? '') : '';
  return new Map(
    [...content.matchAll(/^[ \t]*(\d{1,10})[ \t]+([^\s#]+)/gm)].map(([, id, name = '']) => [
      Number(id),
      name,
    ]),
  );
}
