import { conditionFindings } from './condition-findings.ts';
import { contactFindings } from './contact-findings.ts';
import { type FleetFinding, fleetFindings } from './fleet-findings.ts';
import { type Finding, topics, type Visit } from './model.ts';

/** What was found on one host. */
export interface HostDiagnosis {
  readonly visit: Visit;
  /** In the order of `topics`, the worst of each first. */
  readonly findings: readonly Finding[];
}

/** What was found on a fleet. */
export interface Diagnosis {
  readonly hosts: readonly HostDiagnosis[];
  readonly fleet: readonly FleetFinding[];
}

const levels = ['broken', 'weak', 'note', 'ok'] as const;

/** What visits to hosts have shown. `forks`: how many of them at once. */
export function diagnose(visits: readonly Visit[], forks: number): Diagnosis {
  return {
    hosts: visits.map((visit) => ({ visit, findings: findingsOf(visit) })),
    fleet: fleetFindings(visits, forks),
  };
}

function findingsOf(visit: Visit): readonly Finding[] {
  const all = [...contactFindings(visit), ...conditionFindings(visit)];
  const place = ({ topic, level }: Finding) =>
    topics.indexOf(topic) * levels.length + levels.indexOf(level);
  return all.toSorted((a, b) => place(a) - place(b));
}
