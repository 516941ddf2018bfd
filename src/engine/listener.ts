import type { Section } from '../host/look-part.ts';

/** What is known of a program's answer while it is waited for; times as of performance.now. */
export interface Listening {
  /** The section that is open. */
  readonly open: string | null;
  /** When that began or the one before it ended. */
  readonly since: number;
  /** When the host's last byte came. */
  readonly heard: number;
}

/** How the answer to a program is listened to. */
export interface Listener {
  /** Until when the next event must have come; null: it takes as long as it takes. */
  readonly patience: (listening: Listening) => number | null;
  /** A section begins; throws what the program ends with here when nobody asked for that. */
  readonly onBegin?: (id: string) => void;
  readonly onEnd?: (id: string, section: Section) => void;
}
