/** Who runs xpush, as locks, windows and records name it: words without blanks or controls. */
export interface RunIdentity {
  /** Sorts by time and is nobody else's: `20261122T230501Z-3f9a2c`. */
  readonly id: string;
  /** `USER@CONTROLLER`. */
  readonly by: string;
  /** When the run began, ISO 8601 in UTC. */
  readonly since: string;
}
