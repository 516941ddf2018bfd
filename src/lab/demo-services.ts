import type { DomU, Inventory } from '../inventory/model.ts';
import { surroundings } from './inventory-plan.ts';
import type { Lab } from './lab.ts';

/** One address of a guest with a server on each port, and what came of asking it. */
export interface ServiceRow {
  readonly guest: string;
  readonly address: string;
  /** From the client on the LAN, port by port. */
  readonly lan: readonly ServiceCell[];
  /** From beyond the router. */
  readonly far: readonly ServiceCell[];
}

/** Whether a server answered, and whether the inventory says that it should. */
export interface ServiceCell {
  readonly isOpen: boolean;
  readonly shouldBeOpen: boolean;
}

/** Starts a server on each port of each guest's addresses; they end with the lab. */
export async function startServices(
  lab: Lab,
  inventory: Inventory,
  ports: readonly number[],
): Promise<void> {
  await Promise.all(
    guestsOf(inventory).map((guest) =>
      lab
        .host(guest.name)
        .listen(addressesOf(guest).flatMap((address) => ports.map((port) => ({ address, port })))),
    ),
  );
}

/**
 * Asks every server of every guest, from the LAN and from beyond the router. `patienceMs`: how long those that should
 * answer may take, where this machine is busy; default: as long as the others.
 */
export async function askServices(
  lab: Lab,
  inventory: Inventory,
  ports: readonly number[],
  patienceMs?: number,
): Promise<readonly ServiceRow[]> {
  // who got no answer before would not ask again for seconds
  await lab.flushNeighbours();
  const { client, far } = surroundings(inventory);
  const guests = guestsOf(inventory);
  const requests = guests.flatMap((guest) =>
    addressesOf(guest).flatMap((to) =>
      ports.map((port) => ({
        to,
        port,
        ...(patienceMs !== undefined && isAllowed(guest, to, port)
          ? { timeoutMs: patienceMs }
          : {}),
      })),
    ),
  );
  const [fromLan, fromFar] = await Promise.all(
    [client, far].map(async (name) => {
      const results = await lab.host(name).probe(requests);
      return new Map(
        results.map(({ request, status }) => [`${request.to} ${request.port}`, status === 'open']),
      );
    }),
  );
  return guests.flatMap((guest) =>
    addressesOf(guest).map((address): ServiceRow => {
      const cells = (seen: ReadonlyMap<string, boolean> | undefined): ServiceCell[] =>
        ports.map((port) => ({
          isOpen: seen?.get(`${address} ${port}`) ?? false,
          shouldBeOpen: isAllowed(guest, address, port),
        }));
      return { guest: guest.name, address, lan: cells(fromLan), far: cells(fromFar) };
    }),
  );
}

/** Whether a client anywhere with an ordinary source port may reach a TCP port of a guest. */
function isAllowed({ allow }: DomU, address: string, port: number): boolean {
  if (allow === null) return true;
  return allow.some(
    ({ proto, direction, ports, from, to }) =>
      proto === 'tcp' &&
      direction === 'in' &&
      from.length === 0 &&
      (to.length === 0 || to.includes(address)) &&
      (ports.length === 0 || ports.some(({ first, last }) => first <= port && port <= last)),
  );
}

function guestsOf(inventory: Inventory): readonly DomU[] {
  return [...inventory.hosts.values()].filter((host): host is DomU => host.kind === 'domU');
}

function addressesOf({ vifs }: DomU): readonly string[] {
  return vifs.flatMap(({ ips }) => ips);
}
