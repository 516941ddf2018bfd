import {
  type Connection,
  ConnectionError,
  type Endpoint,
  type Transport,
} from '../connection/transport.ts';
import type { Query } from '../host/query.ts';
import type { Host } from '../inventory/model.ts';
import { FirstLook } from './first-look.ts';
import { firstWordMs } from './host-contact.ts';
import { HostShell } from './host-shell.ts';
import { LostError } from './lost-error.ts';

/** What became of a visit to a host: what it was for, or why nobody came in. */
export type Visited<Result> =
  | { readonly result: Result }
  | { readonly unreachable: string; readonly hint: string | null };

/** Hosts to go to, and how. */
export interface VisitRequest {
  readonly hosts: readonly Host[];
  readonly transport: Transport;
  readonly endpointOf: (host: Host) => Endpoint;
  /** Hosts at once. */
  readonly forks: number;
  /** Aborted by the first interrupt: begin nothing new. */
  readonly stopping: AbortSignal;
  /** Aborted by the second: leave now. */
  readonly leaving: AbortSignal;
}

/** What is done on each host. */
export interface Visitor<Result> {
  /** What `work` is to look at first, if anything: it travels with the login. */
  readonly firstQueries: (host: Host) => readonly Query[];
  readonly work: (host: Host, shell: HostShell, first: readonly Query[]) => Promise<Result>;
}

/** A lost connection is made again this often. */
const mostAttempts = 2;

/**
 * Does something in a shell on each of many hosts at once. By host name, in the order of `hosts`;
 * those that an interrupt came before are missing. A line that is lost is made again once, and all of
 * `work` done again: it must be fit for that. Never rejects for a host's sake; with a bug of ours it
 * rejects once all others are done. `onHost` is told of each host as it is done.
 */
export async function visit<Result>(
  request: VisitRequest,
  visitor: Visitor<Result>,
  onHost: (host: Host, visited: Visited<Result>) => void = () => {},
): Promise<ReadonlyMap<string, Visited<Result>>> {
  const { hosts, stopping, leaving } = request;
  const found = new Map<string, Visited<Result>>();
  const bugs: unknown[] = [];
  const waiting = hosts.values();
  const visitNext = async () => {
    for (const host of waiting) {
      if (stopping.aborted || leaving.aborted) return;
      try {
        const visited = await visitHost(host, request, visitor);
        if (visited === null || leaving.aborted) continue;
        found.set(host.name, visited);
        onHost(host, visited);
      } catch (error) {
        bugs.push(error);
      }
    }
  };
  const workers = Array.from({ length: Math.min(request.forks, hosts.length) }, visitNext);
  await Promise.race([Promise.all(workers), aborted(leaving)]);
  if (bugs.length > 0) throw bugs[0];
  return new Map(
    hosts.flatMap(({ name }) => {
      const visited = found.get(name);
      return visited === undefined ? [] : [[name, visited] as const];
    }),
  );
}

/** null: an interrupt came first. */
async function visitHost<Result>(
  host: Host,
  request: VisitRequest,
  { firstQueries, work }: Visitor<Result>,
): Promise<Visited<Result> | null> {
  const { transport, endpointOf, stopping, leaving } = request;
  for (let attempt = 1; ; attempt += 1) {
    let connection: Connection | null = null;
    try {
      const first = firstQueries(host);
      const asked = new FirstLook(first);
      const either = AbortSignal.any([stopping, leaving]);
      connection = await transport.connect(endpointOf(host), either, asked.exec);
      const shell = await HostShell.open(connection, firstWordMs(host), asked);
      const result = await work(host, shell, first);
      shell.end();
      return { result };
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

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
