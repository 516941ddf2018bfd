import type { Endpoint, Transport } from '../connection/transport.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { HostStatus, RunEvent, Verified } from './events.ts';
import type { ConfirmOptions, LegOptions } from './leg-options.ts';
import type { HostedPlay } from './legs.ts';
import type { RolloutOptions } from './sequences.ts';

/** All that a run needs; everything in it was checked before. */
export interface RunRequest {
  /** Version of xpush. */
  readonly version: string;
  readonly identity: RunIdentity;
  readonly inventory: Inventory;
  /** The inventory as a word of a command line, for what people may do next. */
  readonly inventoryWord?: string;
  readonly plays: readonly HostedPlay[];
  /**
   * The hosts of plays, whose indexes these are, once plays before them have added to the fleet. Absent:
   * none adds anything.
   */
  readonly rehost?: (
    plays: { readonly from: number; readonly to: number },
    inventory: Inventory,
  ) => Rehosted | Promise<Rehosted>;
  readonly transport: Transport;
  /** @param fleet as the run has made it */
  readonly endpointOf: (host: Host, fleet: Inventory) => Endpoint;
  /** Plan and show, send nothing that writes. */
  readonly check: boolean;
  /** Hosts at once. */
  readonly forks: number;
  /** Changes that a check found make the exit code 10. */
  readonly pendingAsExit: boolean;
  /** Absent: windows as long as the hosts' safety says. */
  readonly confirm?: ConfirmOptions;
  /** Absent: as the plays say. */
  readonly rollout?: RolloutOptions;
  readonly emit: (event: RunEvent) => void;
  /** Absent: steps that keep files of hosts here fail. */
  readonly keepFile?: LegOptions['keepFile'];
  /** Told in a check how each leg of a host would be carried out. Absent: nobody asks. */
  readonly explain?: LegOptions['explain'];
  /**
   * Proves hosts: those that are done at the end of each batch, and all (null) at the end of the run;
   * absent: nobody does. Its statuses count as hosts' do in the exit code, and a batch that is not
   * proven stops the rollout. Not called in a check, which has nothing new to prove, nor after an
   * interrupt or a rollout that stopped.
   */
  readonly verify?: (hosts: readonly Host[] | null) => Promise<Proven>;
  /** Aborted by the first interrupt: begin nothing new, finish what is under way. */
  readonly stopping: AbortSignal;
  /** Aborted by the second: leave now. */
  readonly leaving: AbortSignal;
}

/** The hosts of each of some plays, and what people should know about the choice. */
export interface Rehosted {
  readonly hosts: readonly ReadonlySet<string>[];
  readonly inventory: Inventory;
  readonly notes: readonly string[];
}

/** What a proof adds to a run. */
export interface Proven extends Omit<Verified, 'event'> {
  readonly statuses: readonly HostStatus[];
}
