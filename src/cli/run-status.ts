import { exitCode } from '../engine/exit-code.ts';
import type { Surveyed } from '../engine/survey.ts';
import { answerTo, failureOf } from '../host/answer.ts';
import { query } from '../host/query.ts';
import { selectedHosts } from './load.ts';
import { sayProblems } from './problems.ts';
import type { StatusOptions } from './status.ts';
import { type StatusOutcome, statusDocument } from './status-document.ts';
import { statusHints, statusText } from './status-text.ts';
import { withSurveyor } from './survey-hosts.ts';
import { version } from './version.ts';
import { findingsOf } from './windows-words.ts';

/** Does what `xpush status` is for, and gives the exit code. */
export async function runStatus(options: StatusOptions): Promise<number> {
  const { inventory, hosts } = await selectedHosts(options);
  const { surveyed, interrupted } = await withSurveyor(
    options,
    inventory,
    hosts,
    async ({ look, stopping }) => ({
      surveyed: await look(hosts, () => [query.windows()]),
      interrupted: stopping.aborted,
    }),
  );

  const reports = hosts.map((host) => ({ host, outcome: outcomeOf(surveyed.get(host.name)) }));
  const statuses = reports.map(({ outcome }) => outcome.status);
  const exit = exitCode(statuses, { interrupted, pendingAsExit: false });
  if (options.output === 'json') {
    const document = statusDocument(reports, { version: version(), exit });
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    process.stdout.write(statusText(reports, options.verbose > 0));
    sayProblems(reports);
    for (const hint of statusHints(reports, options.inventory)) process.stderr.write(`${hint}\n`);
  }
  return exit;
}

function outcomeOf(surveyed: Surveyed | undefined): StatusOutcome {
  if (surveyed === undefined) return { status: 'skipped' };
  if ('unreachable' in surveyed) {
    return { status: 'unreachable', message: surveyed.unreachable, hint: surveyed.hint };
  }
  const windows = answerTo(surveyed.answers, query.windows());
  if (windows === null) {
    const message = failureOf(surveyed.answers, query.windows()) ?? 'it does not say';
    return { status: 'failed', message: `its windows are not known: ${message}`, hint: null };
  }
  const needsHuman = findingsOf(windows).some((one) => one.needsHuman);
  return { status: needsHuman ? 'needs_human' : 'ok', windows };
}
