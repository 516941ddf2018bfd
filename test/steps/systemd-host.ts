import { afterAll, beforeAll } from 'vitest';
import type { Connection } from '../../src/connection/transport.ts';
import { type Lab, type LabHost, type LabPlan, startLab } from '../../src/lab/lab.ts';
import { shellConnection } from '../engine/shell-connection.ts';
import { labDescribe } from '../lab-tier.ts';

const plan = {
  segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }],
  hosts: [
    {
      ...{ name: 'sys', kind: 'systemd', gateway: '192.168.0.1' },
      nics: [{ segment: 'lan', addresses: ['192.168.0.60/24'] }],
    },
  ],
} as const satisfies LabPlan;

/** `describe` for tests that need a host with systemd. */
export const describeOnSystemd = await labDescribe(plan);

/** A host where systemd is the first process. */
export interface SystemdHost {
  readonly lab: LabHost;
  /** For plays; without SSH. */
  readonly connect: () => Promise<Connection>;
}

/** In a `describeOnSystemd`: one for all of its tests, with these files besides its own. */
export function systemdHost(files: Readonly<Record<string, string>> = {}): SystemdHost {
  let lab: Lab | null = null;
  const there = (): LabHost => {
    if (lab === null) throw new Error('the lab is not up');
    return lab.host('sys');
  };
  beforeAll(async () => {
    lab = await startLab({ ...plan, hosts: plan.hosts.map((host) => ({ ...host, files })) });
    // systemd reloads with more than 16 MiB free only
    await there().exec(['mount', '-o', 'remount,size=64m', '/run']);
  });
  afterAll(async () => await lab?.down());
  return {
    get lab() {
      return there();
    },
    connect: async () =>
      shellConnection((command) => there().spawn(['/bin/sh', '-c', command], { stdio: 'pipe' })),
  };
}
