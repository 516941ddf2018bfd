import { didYouMean } from '../source/did-you-mean.ts';
import { listed, quoted } from '../source/quoted.ts';
import type { Finding } from './finding.ts';
import { lookUp, type Missing } from './look-up.ts';
import type { Subject } from './subject.ts';
import { type TaskVisit, taskVisits } from './task-visits.ts';
import { needsOf } from './uses.ts';

/** More names of hosts are told by their number. */
const mostNames = 3;

/** A variable that is missing on some hosts, one of each kind. */
interface Found {
  readonly missing: Missing;
  readonly hosts: readonly string[];
  /** Whether its task is done on one of them for sure. */
  readonly isSure: boolean;
  /** The play has no other hosts. */
  readonly isEverywhere: boolean;
}

/** The variables that tasks read and that some of their hosts do not have. */
export function undefinedVariables(subject: Subject): readonly Finding[] {
  const found = new Map<string, Found>();
  for (const visit of taskVisits(subject)) {
    for (const missing of missingIn(visit)) {
      const { source, start } = missing.place;
      const key = `${source.file}:${start}`;
      const before = found.get(key);
      found.set(key, {
        missing,
        hosts: [...new Set([...(before?.hosts ?? []), visit.host.name])],
        isSure: visit.isDone === 'surely' || before?.isSure === true,
        isEverywhere: visit.isOnlyHost,
      });
    }
  }
  return [...found.values()].map(findingOf);
}

function missingIn({ task, ...around }: TaskVisit): readonly Missing[] {
  return needsOf(task).flatMap((use) => lookUp(use, around));
}

function findingOf({ missing, isSure, hosts, isEverywhere }: Found): Finding {
  const { path, place, known } = missing;
  const names = [...hosts.slice(0, mostNames), ...(hosts.length > mostNames ? ['others'] : [])];
  const where = isEverywhere ? '' : ` on ${listed(names, 'and')}`;
  return {
    rule: 'undefined-variable',
    severity: isSure ? 'error' : 'warning',
    place,
    message: `${quoted(path.join('.'))} is not defined${where}`,
    hint: didYouMean(String(path.at(-1)), known),
  };
}
