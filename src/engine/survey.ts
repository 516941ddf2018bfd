import {
  type Connection,
  ConnectionError,
  type Endpoint,
  type Transport,
} from '../connection/transport.ts';
import { type Query, queryKey } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import type { Host } from '../inventory/model.ts';
import { HostShell, LostError } from './host-shell.ts';

/** What became of looking at a host. */
export type Surveyed =
  | { readonly answers: HostState }
  | { readonly unreachable: string; readonly hint: string | null };

/** All that a survey needs. */
export interface SurveyRequest {
  readonly hosts: readonly Host[];
  /**
   * What to ask of a host, given what it has answered; asked again, one round trip a turn, until
   * there is nothing new in it.
   */
  readonly queriesOf: (host: Host, known: HostState) => readonly Query[];
  readonly transport: Transport;
  readonly endpointOf: (host: Host) => Endpoint;
  /** Hosts at once. */
  readonly forks: number;
  /** Aborted by the first interrupt: begin nothing new. */
  readonly stopping: AbortSignal;
  /** Aborted by the second: leave now. */
  readonly leaving: AbortSignal;
  /** Told of each host as it is done. */
  readonly onHost: (host: Host, surveyed: Surveyed) => void;
}

/** A lost connection is made again this often. */
const mostAttempts = 2;

/** Who asks more often never ends. */
const mostTurns = 10;

/**
 * Looks at many hosts at once and changes nothing. By host name, in the order of `hosts`; those that
 * an interrupt kept from being looked at are missing. Never rejects for a host's sake; with a bug of
 * ours it rejects once all others are done.
 */
export async function survey(request: SurveyRequest): Promise<ReadonlyMap<string, Surveyed>> {
  const { hosts, stopping, leaving, onHost } = request;
  const found = new Map<string, Surveyed>();
  const bugs: unknown[] = [];
  const waiting = hosts.values();
  const work = async () => {
    for (const host of waiting) {
      if (stopping.aborted || leaving.aborted) return;
      try {
        const surveyed = await surveyHost(host, request);
        if (surveyed === null || leaving.aborted) continue;
        found.set(host.name, surveyed);
        onHost(host, surveyed);
      } catch (error) {
        bugs.push(error);
      }
    }
  };
  const workers = Array.from({ length: Math.min(request.forks, hosts.length) }, work);
  await Promise.race([Promise.all(workers), aborted(leaving)]);
  if (bugs.length > 0) throw bugs[0];
  return new Map(
    hosts.flatMap(({ name }) => {
      const surveyed = found.get(name);
      return surveyed === undefined ? [] : [[name, surveyed] as const];
    }),
  );
}

/** null: an interrupt came first. */
async function surveyHost(host: Host, request: SurveyRequest): Promise<Surveyed | null> {
  const { transport, endpointOf, stopping, leaving } = request;
  for (let attempt = 1; ; attempt += 1) {
    let connection: Connection | null = null;
    try {
      connection = await transport.connect(endpointOf(host), AbortSignal.any([stopping, leaving]));
      return { answers: await ask(host, connection, request.queriesOf) };
    } catch (error) {
      if (error instanceof LostError) {
        if (attempt < mostAttempts && !stopping.aborted) continue;
        return { unreachable: `the connection was lost: ${error.message}`, hint: null };
      }
      if (!(error instanceof ConnectionError)) throw error;
      if (error.reason === 'aborted' && stopping.aborted) return null;
      return { unreachable: error.message, hint: error.hint };
    } finally {
      await connection?.close();
    }
  }
}

async function ask(
  host: Host,
  connection: Connection,
  queriesOf: SurveyRequest['queriesOf'],
): Promise<HostState> {
  const shell = await HostShell.open(connection);
  let known = new HostState(new Map());
  for (let turn = 1; ; turn += 1) {
    const wanted = queriesOf(host, known).filter((one) => known.get(one) === undefined);
    if (wanted.length === 0) break;
    if (turn > mostTurns) throw new Error(`asked ${turn} times: ${wanted.map(queryKey).join(' ')}`);
    known = known.with(await shell.look(wanted));
  }
  shell.end();
  return known;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
