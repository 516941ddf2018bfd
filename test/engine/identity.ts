import type { RunIdentity } from '../../src/host/run-identity.ts';

/** Of a run in a test. */
export const identity: RunIdentity = {
  id: '20261122T230501Z-3f9a2c',
  by: 'ops@controller',
  since: '2026-11-22T23:05:01Z',
};
