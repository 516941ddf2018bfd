import type { RunEvent } from '../engine/events.ts';

/** One way to show a run. Events arrive escaped (safeEvent) and in order. */
export interface View {
  /** @param at when it came, in seconds since the run began */
  see(event: RunEvent, at: number): void;
  /** Nothing more comes: print what belongs at the end and put the terminal back. */
  close(): Promise<void>;
}
