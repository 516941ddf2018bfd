import type { RunEvent } from '../engine/events.ts';

/** One way to show a run. Events arrive escaped (safeEvent) and in order. */
export interface View {
  see(event: RunEvent): void;
  /** Nothing more comes: print what belongs at the end and put the terminal back. */
  close(): Promise<void>;
}
