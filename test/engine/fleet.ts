import type { HostedPlay } from '../../src/engine/legs.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { type PlayRollout, usualRollout } from '../../src/playbook/model.ts';
import { command } from '../../src/steps/command.ts';

/** So many dom0s, `x1` and on, each with so many guests, `x1-1` and on, and so many plain hosts, `p1`. */
export function fleet(dom0s: number, guests: number, plain = 0): Promise<Inventory> {
  const each = (count: number, text: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => text(index + 1)).join('');
  const address = (one: number, other: number): string =>
    `10.${Math.floor(one / 200)}.${one % 200}.${other + 1}`;
  return loadInventory({
    argument: '-',
    stdin: `
networks: { lan: { subnet: 10.0.0.0/8 } }
dom0: {${each(dom0s, (one) => ` x${one}: { address: ${address(one, 0)} },`)} }
domU: {${each(dom0s, (one) =>
      each(
        guests,
        (other) => ` x${one}-${other}: { dom0: x${one}, vifs: [{ ip: ${address(one, other)} }] },`,
      ),
    )} }
hosts: {${each(plain, (one) => ` p${one}: { address: ${address(5000 + one, 0)} },`)} }
`,
  });
}

/** A play of one command; `network`: about the network. */
export function playOf(
  name: string,
  hosts: Iterable<string>,
  { network = false, ...rollout }: Partial<PlayRollout> & { readonly network?: boolean } = {},
): HostedPlay {
  const task = { name, step: command, params: { argv: ['true'] }, network };
  const play = { name, tasks: [task], rollout: { ...usualRollout, ...rollout } };
  return { play, hosts: new Set(hosts) };
}

/** Names of a kind, in inventory order. */
export function named(inventory: Inventory, kind: 'dom0' | 'domU' | 'host'): readonly string[] {
  return [...inventory.hosts.values()].flatMap((host) => (host.kind === kind ? [host.name] : []));
}
