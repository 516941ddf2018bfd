import { exitCode } from '../engine/exit-code.ts';
import type { Surveyed } from '../engine/survey.ts';
import type { FactsOptions } from './facts.ts';
import { type FactsOutcome, factsDocument, type HostReport } from './facts-document.ts';
import { domainsTable, factsTables } from './facts-table.ts';
import { factsOf, type Topic, topicQueries, topics } from './facts-topics.ts';
import { selectedHosts } from './load.ts';
import { sayProblems } from './problems.ts';
import { withSurveyor } from './survey-hosts.ts';
import { version } from './version.ts';

/** Does what `xpush facts` is for, and gives the exit code. */
export async function runFacts(options: FactsOptions): Promise<number> {
  const { inventory, hosts } = await selectedHosts(options);
  const asked = topics.filter((topic) => options.topic?.includes(topic) ?? true);
  const queries = asked.map((topic) => topicQueries[topic]);
  const { surveyed, interrupted } = await withSurveyor(
    options,
    inventory,
    hosts,
    async ({ look, stopping }) => ({
      surveyed: await look(hosts, () => queries),
      interrupted: stopping.aborted,
    }),
  );

  const reports = hosts.map((host) => ({ host, outcome: outcomeOf(surveyed.get(host.name)) }));
  const statuses = reports.map(({ outcome }) => outcome.status);
  const exit = exitCode(statuses, { interrupted, pendingAsExit: false });
  if (options.output === 'json') {
    const document = factsDocument(reports, asked, { version: version(), exit });
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    show(reports, asked, options.topic !== undefined);
  }
  return exit;
}

function outcomeOf(surveyed: Surveyed | undefined): FactsOutcome {
  if (surveyed === undefined) return { status: 'skipped' };
  if ('unreachable' in surveyed) {
    return { status: 'unreachable', message: surveyed.unreachable, hint: surveyed.hint };
  }
  const found = factsOf(surveyed.answers);
  return found.failure === null
    ? { status: 'ok', facts: found }
    : { status: 'failed', facts: found, message: found.failure };
}

function show(reports: readonly HostReport[], asked: readonly Topic[], isNamed: boolean): void {
  const { columns } = process.stdout;
  const texts = [
    factsTables(reports, asked, columns),
    isNamed && asked.includes('xen') ? domainsTable(reports, columns) : '',
  ];
  process.stdout.write(texts.filter((one) => one !== '').join('\n'));
  sayProblems(reports);
}
