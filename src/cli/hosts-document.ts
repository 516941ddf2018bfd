import type { Data } from '../source/data.ts';
import { escapeControls } from '../source/escape-controls.ts';

/** How something ended on a host. */
export interface Outcome {
  readonly status: string;
  /** What went wrong; absent: nothing. */
  readonly message?: string;
  readonly hint?: string | null;
}

/** A host of a report. */
interface Report<Ended extends Outcome> {
  readonly host: { readonly name: string; readonly kind: string };
  readonly outcome: Ended;
}

/**
 * What every JSON about hosts has: of each its outcome, and what `rest` makes of it. What hosts said
 * is escaped; its line breaks stay, which JSON tells in its own way.
 */
export function hostsDocument<Ended extends Outcome>(
  reports: readonly Report<Ended>[],
  about: { readonly version: string; readonly exit: number },
  rest: (outcome: Ended) => Readonly<Record<string, Data>>,
): Readonly<Record<string, Data>> {
  return {
    schema: 1,
    xpush: about.version,
    exit: about.exit,
    hosts: Object.fromEntries(
      reports.map(({ host, outcome }) => [
        host.name,
        {
          kind: host.kind,
          status: outcome.status,
          error: errorOf(outcome),
          ...rest(outcome),
        },
      ]),
    ),
  };
}

function errorOf({ message, hint = null }: Outcome): Data {
  if (message === undefined) return null;
  return { message: escapeControls(message), hint: hint === null ? null : escapeControls(hint) };
}
