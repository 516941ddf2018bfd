import type { LookPart } from './look-part.ts';

/** The lock and the confirm windows. */
export const lookWindows: LookPart = {
  runtime: null,
  lines: () => [],
  read: (asked) =>
    asked('windows').map((one) => [one, { answer: { lock: null, pending: null, last: null } }]),
};
