import * as v from 'valibot';
import { described } from './described.ts';
import { whyUntold } from './host-script.ts';
import { planService } from './service-plan.ts';
import { askService, serviceState } from './service-state.ts';
import { defineStep, refuse } from './step.ts';

/** A name of a service or unit: no option, no path. */
const unitName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9_][\w.:@\\-]{0,200}$/,
    'not the name of a service\nsuch as "nginx" or "getty@tty1.service"',
  ),
);

const serviceParameters = {
  state: v.optional(
    described(
      v.picklist(['started', 'stopped', 'restarted', 'reloaded']),
      'Whether it runs; `restarted` and `reloaded` are done whenever the task is, and start what is stopped. Default: as it is.',
    ),
  ),
  enabled: v.optional(described(v.boolean(), 'Whether it starts at boot. Default: as it is.')),
  masked: v.optional(
    described(v.boolean(), 'Whether nothing can start it (systemd). Default: as it is.'),
  ),
} as const;

const params = v.pipe(
  v.strictObject({
    name: described(
      unitName,
      'The service, as the host calls it; for systemd any unit, such as `apt-daily.timer`.',
    ),
    ...serviceParameters,
    daemon_reload: v.optional(
      described(
        v.boolean(),
        'Whether systemd reads its files again first, where those are newer than what it knows. Default: `false`.',
      ),
    ),
    runlevel: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^[\w-]{1,50}$/, 'not a runlevel of OpenRC')),
        'The runlevel that it is enabled in (OpenRC). Default: `default`.',
      ),
    ),
  }),
  v.check(
    ({ state, enabled, masked }) => (state ?? enabled ?? masked) !== undefined,
    'one of "state", "enabled" and "masked" is needed',
  ),
);

export const service = defineStep({
  name: 'service',
  summary:
    'Starts, stops and restarts a service, and says whether it starts at boot, by systemd, OpenRC or sysv.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { name, runlevel }) => ({ service: askService(name, runlevel) }),

  plan: (_target, given, { service: output }) => {
    const { name, runlevel = 'default', daemon_reload: isReload = false } = given;
    const state = serviceState(output);
    if (state === null) return refuse(whyUntold(output, `the state of the service ${name}`));
    const query = askService(name, given.runlevel);
    return planService({ name, query, output, state }, { ...given, runlevel, isReload });
  },
});
