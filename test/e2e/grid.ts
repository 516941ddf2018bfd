import type { Inventory } from '../../src/inventory/model.ts';
import { surroundings } from '../../src/lab/inventory-plan.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { ProbeRequest } from '../../src/lab/probe.ts';

/** Of each guest address, whether all of its cells are open, all closed, or some of either. */
export type Row = 'open' | 'closed' | 'mixed';

/** Which of a guest's addresses answer, and which can open connections; by address. */
export interface Grid {
  readonly in: Readonly<Record<string, Row>>;
  readonly out: Readonly<Record<string, Row>>;
}

/**
 * The reachability of a guest: from a client on the LAN and from one beyond the router to each address and
 * port, and from each address back to the same ports of the two.
 */
export class GridProbe {
  readonly #lab: Lab;
  readonly #guest: string;
  readonly #addresses: readonly string[];
  readonly #ports: readonly number[];
  readonly #clients: readonly { readonly name: string; readonly address: string }[];

  private constructor(lab: Lab, inventory: Inventory, guest: string, ports: readonly number[]) {
    const { client, far, farAddress } = surroundings(inventory);
    this.#lab = lab;
    this.#guest = guest;
    this.#addresses = lab.host(guest).addresses;
    this.#ports = ports;
    this.#clients = [
      { name: client, address: lab.host(client).addresses[0] ?? '' },
      { name: far, address: farAddress },
    ];
  }

  /** Starts the servers on the guest and on the clients; they end with the lab. */
  static async start(
    lab: Lab,
    inventory: Inventory,
    guest: string,
    ports: readonly number[],
  ): Promise<GridProbe> {
    const grid = new GridProbe(lab, inventory, guest, ports);
    await lab.host(guest).listen(endpoints(grid.#addresses, ports));
    for (const { name, address } of grid.#clients) {
      await lab.host(name).listen(endpoints([address], ports));
    }
    return grid;
  }

  /** `patienceMs`: for a busy machine, where cells should be open. Default: as probes have it. */
  async look(patienceMs?: number): Promise<Grid> {
    const patience = patienceMs === undefined ? {} : { timeoutMs: patienceMs };
    await this.#lab.flushNeighbours();
    const inward = await Promise.all(
      this.#clients.map(({ name }) =>
        this.#isOpen(
          name,
          this.#addresses.flatMap((to) => this.#ports.map((port) => ({ to, port, ...patience }))),
          ({ to }) => to,
        ),
      ),
    );
    await this.#lab.flushNeighbours();
    const outward = await this.#isOpen(
      this.#guest,
      this.#addresses.flatMap((from) =>
        this.#clients.flatMap(({ address }) =>
          this.#ports.map((port) => ({ from, to: address, port, ...patience })),
        ),
      ),
      ({ from }) => from ?? '',
    );
    return { in: this.#rows(inward.flat()), out: this.#rows(outward) };
  }

  async #isOpen(
    host: string,
    requests: readonly ProbeRequest[],
    addressOf: (request: ProbeRequest) => string,
  ): Promise<readonly (readonly [address: string, isOpen: boolean])[]> {
    const results = await this.#lab.host(host).probe(requests);
    return results.map(({ request, status }) => [addressOf(request), status === 'open']);
  }

  #rows(cells: readonly (readonly [string, boolean])[]): Readonly<Record<string, Row>> {
    const row = (address: string): Row => {
      const seen = new Set(cells.flatMap(([of, isOpen]) => (of === address ? [isOpen] : [])));
      if (seen.size !== 1) return 'mixed';
      return seen.has(true) ? 'open' : 'closed';
    };
    return Object.fromEntries(this.#addresses.map((address) => [address, row(address)]));
  }
}

function endpoints(
  addresses: readonly string[],
  ports: readonly number[],
): readonly { readonly address: string; readonly port: number }[] {
  return addresses.flatMap((address) => ports.map((port) => ({ address, port })));
}
