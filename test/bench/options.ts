import { parseArgs } from 'node:util';
import type { Sizes } from './scale.ts';

/** How much is measured. */
export interface Extent {
  readonly contest: { readonly hosts: number; readonly rounds: number };
  readonly firstApply: { readonly hosts: number; readonly rounds: number };
  readonly rivals: { readonly hosts: number; readonly rounds: number };
  readonly scale: Sizes & { readonly rounds: number };
  readonly largeFiles: { readonly megabytes: number; readonly rounds: number };
  /** Rounds of the site. */
  readonly site: number;
  readonly simulated: number;
  readonly roundTrips: number;
  readonly startUp: number;
}

const full: Extent = {
  contest: { hosts: 50, rounds: 15 },
  firstApply: { hosts: 50, rounds: 5 },
  rivals: { hosts: 50, rounds: 3 },
  scale: { least: 100, middle: 200, most: 1000, rounds: 5 },
  largeFiles: { megabytes: 200, rounds: 7 },
  site: 2,
  simulated: 3,
  roundTrips: 15,
  startUp: 40,
};

/** About ten minutes on two cores: fewer runs, and fewer hosts for Ansible and where growth is measured. */
const quick: Extent = {
  contest: { hosts: 50, rounds: 5 },
  firstApply: { hosts: 50, rounds: 2 },
  rivals: { hosts: 20, rounds: 1 },
  scale: { least: 50, middle: 100, most: 200, rounds: 3 },
  largeFiles: { megabytes: 200, rounds: 3 },
  site: 1,
  simulated: 3,
  roundTrips: 6,
  startUp: 15,
};

export const partNames = [
  'start-up',
  'host',
  'round-trips',
  'fleet',
  'first',
  'files',
  'memory',
  'rivals',
  'site',
] as const;
export type PartName = (typeof partNames)[number];

export interface BenchOptions {
  readonly extent: Extent;
  readonly parts: ReadonlySet<PartName>;
  /** Where the page goes; null: it is printed only. */
  readonly out: string | null;
  /** The command line, as the page shows it. */
  readonly command: string;
}

/** Throws an `Error` with one line for people. */
export function readOptions(args: readonly string[], page: string): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      out: { type: 'string' },
    },
  });
  const only = values.only?.map((name) => {
    const known = partNames.find((part) => part === name);
    if (known === undefined) throw new Error(`--only ${name}: one of ${partNames.join(', ')}`);
    return known;
  });
  return {
    extent: values.quick ? quick : full,
    parts: new Set(only ?? partNames),
    // the page tells of a whole run
    out: values.out ?? (only === undefined ? page : null),
    command: ['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' '),
  };
}
