import { compressNames } from './host-names.ts';

/** A host of a plan, as far as it says what is left out. */
interface PlannedHost {
  readonly host: string;
  readonly status: string;
  readonly error?: string | null | undefined;
  readonly tasks: readonly {
    readonly task: string;
    readonly status: string;
    readonly message?: string | null | undefined;
  }[];
}

/** What a plan leaves out, a sentence each. */
export function notesOf(hosts: Iterable<PlannedHost>): readonly string[] {
  const left = new Map<string, string[]>();
  for (const one of hosts) {
    for (const what of leftOut(one)) left.set(what, [...(left.get(what) ?? []), one.host]);
  }
  return Array.from(
    left,
    ([what, names]) => `Not done on ${compressNames(names).join(', ')}: ${what}`,
  );
}

function leftOut({ status, error, tasks }: PlannedHost): readonly string[] {
  if (status !== 'ok' && status !== 'changed') {
    return [`everything, as it could not be planned (${error ?? status})`];
  }
  const byReason = new Map<string, string[]>();
  for (const task of tasks.filter((one) => one.status === 'unknown')) {
    const why = task.message ?? 'unknown';
    byReason.set(why, [...(byReason.get(why) ?? []), task.task]);
  }
  return Array.from(byReason, ([why, names]) => `${names.join(', ')} (${why})`);
}
