import type { RunHead } from '../../src/records/run-head.ts';
import { thisProcess } from '../../src/records/run-process.ts';

/** The head of a run of this process, called so. */
export function headOf(run: string, other: Partial<RunHead> = {}): RunHead {
  return {
    schema: 1,
    xpush: '0.2.0',
    run: { id: run, by: 'ops@deploy', since: '2026-11-22T23:05:01Z' },
    command: 'apply',
    arguments: ['apply', 'fleet.yaml'],
    environment: {},
    directory: '/srv/fleet',
    check: false,
    inventory: { argument: 'fleet.yaml', files: [{ file: 'fleet.yaml', sha256: 'ab' }] },
    playbooks: [{ file: 'site.yaml', sha256: 'cd' }],
    process: thisProcess(),
    ...other,
  };
}
