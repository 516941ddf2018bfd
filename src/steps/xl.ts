import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { query } from '../host/query.ts';
import type { Data } from '../source/data.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, type Plan, refuse } from './step.ts';
import {
  blockListScript,
  type DomainDisk,
  deviceNumber,
  domainDisk,
  domainNetwork,
  listedDevices,
  wordsOfDisk,
  wordsOfNetwork,
} from './xl-devices.ts';

const params = v.pipe(
  v.strictObject({
    name: v.optional(
      described(
        v.pipe(
          v.string(),
          v.regex(/^[\w][\w.+:-]{0,127}$/, 'a name of a domain has letters, digits, "_", ".", "-"'),
        ),
        'The domain. Without it, those that run are told, and nothing is done.',
      ),
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
    network: v.optional(
      described(
        domainNetwork,
        'An interface that the running domain has, else is given: `mac`, and as in its configuration `ip`, `bridge`, `script`, `vifname`, `rate`, `model`.',
      ),
    ),
    disk: v.optional(
      described(
        domainDisk,
        'A disk that the running domain has, else is given: `target` (a device or file of this dom0), `vdev` (such as `xvdb`), `format` (default: `raw`), `access` (`rw`, the default, or `ro`).',
      ),
    ),
    wait: v.optional(
      described(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3_600)),
        'How many seconds a shutdown may take. Default: 120.',
      ),
      120,
    ),
  }),
  v.check(
    ({ name, state, config, network, disk }) =>
      name !== undefined ||
      (state === 'running' && config === undefined && network === undefined && disk === undefined),
    'the "name" of a domain is needed',
  ),
  v.check(
    ({ state, network, disk }) =>
      state === 'running' || (network === undefined && disk === undefined),
    'only a running domain is given a "network" or a "disk"',
  ),
);

// one that was shut down is listed until the toolstack has cleared it away
const shutdownScript = `"$1" shutdown -w "$2" || exit
while "$1" domid "$2" >/dev/null 2>&1; do sleep 1; done`;

export const xl = defineStep({
  name: 'xl',
  summary:
    'Creates, shuts down, restarts and destroys guests, attaches devices, and tells which run.',
  on: ['dom0'],
  params,
  readOnly: ({ name }) => name === undefined,
  queries: (_target, { name = '', disk }) => ({
    domains: query.domains(),
    disks:
      disk === undefined ? [] : [query.output(['/bin/sh', '-c', blockListScript, 'disks', name])],
  }),
  plan: ({ inventory }, given, { domains: { toolstack, domains }, disks }) => {
    const { name, state, config, network, disk, wait } = given;
    if (domains === null || toolstack === null) {
      return refuse('no toolstack answers here', 'is this a dom0, and does xenstored run?');
    }
    const told: readonly Data[] = domains.map(({ id, name: one, vifs }) => ({
      ...{ id, name: one, vifs: vifs.length },
    }));
    const planned = (...changes: readonly Change[]): Plan => ({
      changes,
      data: { domains: told },
    });
    if (name === undefined) return planned();
    const domain = domains.find((one) => one.name === name);
    const guest = inventory.hosts.get(name);
    const file = config ?? (guest?.kind === 'domU' ? guest.config : null) ?? `/etc/xen/${name}.cfg`;
    const before = domain === undefined ? 'not running' : 'running';
    const call = (argv: readonly string[], after: string, timeoutSeconds = 180) =>
      change.call(argv, {
        ...{ effect: 'live', subject: `domain ${name}`, before, after },
        ...{ predicts: null, timeoutSeconds },
      });
    switch (state) {
      case 'running': {
        if (network === undefined && disk === undefined) {
          return domain ? planned() : planned(call([toolstack, 'create', file], 'running'));
        }
        if (domain === undefined) {
          return refuse(`${name} does not run`, 'have a task before this one create it');
        }
        const hasNetwork = domain.vifs.some(({ mac }) => mac === network?.mac);
        const hasDisk = disk === undefined || isThere(disk, disks[0]?.stdout ?? '');
        return planned(
          ...(network === undefined || hasNetwork
            ? []
            : [call([toolstack, ...wordsOfNetwork(name, network)], `with ${network.mac}`)]),
          ...(disk === undefined || hasDisk
            ? []
            : [call([toolstack, ...wordsOfDisk(name, disk, toolstack)], `with ${disk.vdev}`)]),
        );
      }
      case 'shutdown': {
        const argv = ['/bin/sh', '-c', shutdownScript, 'shutdown', toolstack, name];
        return domain ? planned(call(argv, 'not running', wait)) : planned();
      }
      case 'destroyed':
        return domain ? planned(call([toolstack, 'destroy', name], 'not running')) : planned();
      case 'rebooted':
        return domain
          ? planned(call([toolstack, 'reboot', name], 'restarted'))
          : refuse(`${name} does not run`, 'write "state: running"');
    }
  },
});

function isThere({ vdev }: DomainDisk, listed: string): boolean {
  return listedDevices(listed).has(deviceNumber(vdev));
}
