import { type Query, queryKey } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import type { Host } from '../inventory/model.ts';
import type { HostShell } from './host-shell.ts';
import { type Visited, type VisitRequest, visit } from './visit.ts';

/** What became of looking at a host. */
export type Surveyed =
  | { readonly answers: HostState }
  | { readonly unreachable: string; readonly hint: string | null };

/** All that a survey needs. */
export interface SurveyRequest extends VisitRequest {
  /**
   * What to ask of a host, given what it has answered; asked again, one round trip a turn, until
   * there is nothing new in it.
   */
  readonly queriesOf: (host: Host, known: HostState) => readonly Query[];
  /** Told of each host as it is done. */
  readonly onHost: (host: Host, surveyed: Surveyed) => void;
}

const nothingSeen = new HostState(new Map());

/** Who asks more often never ends. */
const mostTurns = 10;

/**
 * Looks at many hosts at once and changes nothing. By host name, in the order of `hosts`; those that
 * an interrupt kept from being looked at are missing. Never rejects for a host's sake; with a bug of
 * ours it rejects once all others are done.
 */
export async function survey(request: SurveyRequest): Promise<ReadonlyMap<string, Surveyed>> {
  const { queriesOf, onHost } = request;
  const visited = await visit(
    request,
    {
      firstQueries: (host) => queriesOf(host, nothingSeen),
      work: (host, shell, first) => ask(host, shell, first, queriesOf),
    },
    (host, one) => onHost(host, surveyedOf(one)),
  );
  return new Map([...visited].map(([name, one]) => [name, surveyedOf(one)]));
}

function surveyedOf(visited: Visited<HostState>): Surveyed {
  return 'result' in visited ? { answers: visited.result } : visited;
}

async function ask(
  host: Host,
  shell: HostShell,
  first: readonly Query[],
  queriesOf: SurveyRequest['queriesOf'],
): Promise<HostState> {
  let known = nothingSeen;
  let wanted = first;
  for (let turn = 1; wanted.length > 0; turn += 1) {
    if (turn > mostTurns) throw new Error(`asked ${turn} times: ${wanted.map(queryKey).join(' ')}`);
    known = known.with(await shell.look(wanted));
    wanted = queriesOf(host, known).filter((one) => known.get(one) === undefined);
  }
  return known;
}
