import type { Inventory } from '../inventory/model.ts';
import type { Play } from '../playbook/model.ts';
import type { HostedPlay } from './legs.ts';

/** Plays with their hosts, and what people should know about the choice. */
export interface HostedPlays {
  readonly plays: readonly HostedPlay[];
  readonly notes: readonly string[];
}

export function planHosts(
  plays: readonly Play[],
  inventory: Inventory,
  _limit: string | null,
): HostedPlays {
  return {
    plays: plays.map((play) => ({
      play,
      hosts: new Set(inventory.groups.get(play.hosts)?.hosts ?? []),
    })),
    notes: [],
  };
}
