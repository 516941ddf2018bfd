import * as v from 'valibot';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { defineStep, refuse } from './step.ts';

const seconds = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7_200));

const params = v.strictObject({
  reboot_timeout: v.optional(
    described(seconds, 'How many seconds it may take to come back. Default: 600.'),
    600,
  ),
  reboot_command: v.optional(
    described(
      v.pipe(v.string(), v.nonEmpty('a line is needed')),
      'A line for `/bin/sh` that restarts the host. Default: `reboot`.',
    ),
    'reboot',
  ),
});

export const reboot = defineStep({
  name: 'reboot',
  summary: 'Restarts the host, waits until it is back, and goes on.',
  on: ['dom0', 'domU', 'host'],
  params,
  queries: () => ({ boot: query.parameter('kernel.random.boot_id') }),
  plan: (_target, { reboot_timeout: withinSeconds, reboot_command: line }, { boot }) => {
    if (boot === null) return refuse('this host does not tell one boot from the next');
    // it says that it was done before it goes down
    const later = `(sleep 1; ${line}\n) </dev/null >/dev/null 2>&1 &`;
    return {
      changes: [
        change.call(['/bin/sh', '-c', later], {
          ...{ effect: 'live', subject: 'the host', before: 'running', after: 'restarted' },
          predicts: null,
        }),
      ],
      restartsWithinSeconds: withinSeconds,
    };
  },
});
