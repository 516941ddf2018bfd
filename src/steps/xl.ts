import * as v from 'valibot';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, type Plan, refuse } from './step.ts';

const params = v.strictObject({
  name: described(
    v.pipe(
      v.string(),
      v.regex(/^[\w][\w.+:-]{0,127}$/, 'a name of a domain has letters, digits, "_", ".", "-"'),
    ),
    'The domain.',
  ),
  state: v.optional(
    described(
      v.picklist(['running', 'shutdown', 'destroyed', 'rebooted']),
      'What it is to be. Default: `running`.',
    ),
    'running',
  ),
  config: v.optional(
    described(
      hostPath,
      'Its configuration on this dom0. Default: that of the inventory, else `/etc/xen/NAME.cfg`.',
    ),
  ),
  wait: v.optional(
    described(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3_600)),
      'How many seconds a shutdown may take. Default: 120.',
    ),
    120,
  ),
});

export const xl = defineStep({
  name: 'xl',
  summary: 'Creates, shuts down, restarts and destroys guests, and tells which run.',
  on: ['dom0'],
  params,
  queries: () => ({ domains: query.domains() }),
  plan: ({ inventory }, { name, state, config, wait }, { domains: { toolstack, domains } }) => {
    if (domains === null || toolstack === null) {
      return refuse('no toolstack answers here', 'is this a dom0, and does xenstored run?');
    }
    const isRunning = domains.some((domain) => domain.name === name);
    const guest = inventory.hosts.get(name);
    const file = config ?? (guest?.kind === 'domU' ? guest.config : null) ?? `/etc/xen/${name}.cfg`;
    const told = domains.map(({ id, name: one, vifs }) => ({ id, name: one, vifs: vifs.length }));
    const call = (argv: readonly string[], after: string): Plan => ({
      changes: [
        change.call([toolstack, ...argv], {
          ...{
            effect: 'live',
            subject: `domain ${name}`,
            before: isRunning ? 'running' : 'not running',
          },
          ...{ after, predicts: null, timeoutSeconds: wait + 60 },
        }),
      ],
      data: { domains: told },
    });
    const nothing: Plan = { changes: [], data: { domains: told } };
    switch (state) {
      case 'running':
        return isRunning ? nothing : call(['create', file], 'running');
      case 'shutdown':
        return isRunning ? call(['shutdown', '-w', name], 'not running') : nothing;
      case 'destroyed':
        return isRunning ? call(['destroy', name], 'not running') : nothing;
      case 'rebooted':
        return isRunning
          ? call(['reboot', name], 'restarted')
          : refuse(`${name} does not run`, 'write "state: running"');
    }
  },
});
