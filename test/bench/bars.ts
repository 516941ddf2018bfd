import { digits } from './figures.ts';

/** What xpush must reach, and what it could. */
export interface Bar {
  readonly what: string;
  readonly must: number;
  readonly aim: number;
  readonly unit?: string;
  /** Which side of it is good. */
  readonly good: 'below' | 'above';
}

/** What was found of a bar: a value, or why there is none. */
export type Finding =
  | { readonly value: number; readonly note?: string }
  | { readonly missing: string };

export type Findings = Partial<Readonly<Record<BarName, Finding>>>;

const ansible = 'Ansible, pipelining / xpush, converged';
const mitogen = 'Ansible with Mitogen / xpush, converged';
const below = (what: string, must: number, aim: number, unit = ''): Bar => {
  return { what, must, aim, unit, good: 'below' };
};
const above = (what: string, must: number, aim: number): Bar => ({
  ...{ what, must, aim, good: 'above' },
});

/** The bars, in the order of the page. A value is a ratio where there is no unit. */
export const bars = {
  convergedToPssh: below('converged, 50 hosts, wall / `parallel-ssh true`', 0.6, 0.4),
  convergedToCurve: below('the same / `parallel-ssh true` with curve25519-sha256', 1.4, 1),
  firstToPssh: below('first apply without confirm windows, wall / `parallel-ssh true`', 1, 0.6),
  windowToPssh: below('the same with confirm windows', 2, 1.2),
  ansibleWall: above(`${ansible}, wall`, 40, 80),
  ansibleCpu: above(`${ansible}, controller's CPU`, 40, 80),
  mitogenWall: above(`${mitogen}, wall`, 15, 40),
  mitogenCpu: above(`${mitogen}, controller's CPU`, 30, 60),
  siteFirst: above('a site of ten roles, first apply: Ansible, pipelining / xpush, wall', 20, 30),
  siteConverged: above('the same site, converged, wall', 40, 80),
  cpuToXargs: below("controller's CPU at 50 hosts, all in / `xargs ssh`, curve25519", 0.6, 0.4),
  memory50: below('memory at 50 hosts', 90, 70, 'MB'),
  memory1000: below('memory at 1000 hosts', 160, 120, 'MB'),
  simulated1000: below('memory at 1000 simulated hosts, all to be changed', 160, 120, 'MB'),
  simulatedAll1000: below('the same with diffs, `-o json` and a page', 160, 120, 'MB'),
  simulated10000: below('memory at 10,000 simulated hosts, all to be changed', 600, 400, 'MB'),
  simulatedAll10000: below('the same with diffs, `-o json` and a page', 600, 400, 'MB'),
  growth: below('growth of CPU a host, to 1000 / to 200, from 100', 1.1, 1),
  startUp: below("CPU of `xpush --version` / `node -e 0`'s", 1.9, 1.3),
  roundTrips: below('round trips to the result of a converged host', 6, 5.3),
  carefulRoundTrips: below('the same where little may be sent ahead', 10, 8.4),
  largeFile: above('throughput of a file of 200 MB / that of `scp`', 0.8, 1),
  lookCpu: below('CPU of the looking program on a converged host', 10, 5, 'ms'),
  lookPrograms: below('programs that it starts', 6, 4),
  connections: below('connections to a converged host', 1, 1),
  writes: below('files changed on a converged host', 0, 0),
} as const satisfies Record<string, Bar>;

export type BarName = keyof typeof bars;

/** `missed`: not even what it must. */
export type Verdict = 'aim' | 'must' | 'missed';

export function judge({ must, aim, good }: Bar, value: number): Verdict {
  const reaches = (wanted: number): boolean =>
    good === 'below' ? value <= wanted : value >= wanted;
  if (reaches(aim)) return 'aim';
  return reaches(must) ? 'must' : 'missed';
}

const verdictWords = { aim: 'yes, and the aim', must: 'yes', missed: '**no**' } as const;

/** The table of all bars; what was not measured says why. */
export function barTable(findings: Findings): readonly (readonly string[])[] {
  return [
    ['bar', 'must', 'aim', 'measured', 'met'],
    ...Object.entries(bars).map(([name, bar]: [string, Bar]) => {
      const sign = bar.good === 'below' ? '≤' : '≥';
      const unit = bar.unit === undefined || bar.unit === '' ? '' : ` ${bar.unit}`;
      const wanted = [`${sign} ${bar.must}${unit}`, `${bar.aim}${unit}`];
      const finding = findings[name as BarName] ?? { missing: 'not part of this run' };
      if ('missing' in finding)
        return [bar.what, ...wanted, `not measured: ${finding.missing}`, ''];
      const note = finding.note === undefined ? '' : ` (${finding.note})`;
      const measured = `${digits(finding.value)}${unit}${note}`;
      return [bar.what, ...wanted, measured, verdictWords[judge(bar, finding.value)]];
    }),
  ];
}

/** The names of the bars that were measured and are not met. */
export function missedBars(findings: Findings): readonly BarName[] {
  return (Object.keys(bars) as BarName[]).filter((name) => {
    const finding = findings[name];
    return (
      finding !== undefined && 'value' in finding && judge(bars[name], finding.value) === 'missed'
    );
  });
}
