import type { RunEvent } from '../../src/engine/events.ts';
import { type LegOptions, usualConfirm } from '../../src/engine/leg-options.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { identity } from './identity.ts';

/** Of a leg by itself, in earnest, that nobody stops; its events are added to `events`. */
export function legOptions(inventory: Inventory, events: RunEvent[]): LegOptions {
  const never = new AbortController().signal;
  return {
    ...{ inventory, identity, check: false, confirm: usualConfirm },
    emit: (event) => void events.push(event),
    ...{ stopping: never, leaving: never },
    nextNumber: () => 1,
    enterWindow: async () => () => {},
    reach: async (probes) => probes.map(() => null),
  };
}
