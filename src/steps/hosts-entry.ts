import { isIP } from 'node:net';
import * as v from 'valibot';
import { withHostNames, withoutHostNames } from '../text/hosts-edit.ts';
import { described } from './described.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { presence } from './text-parameters.ts';

const hostsPath = '/etc/hosts';

const hostName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z\d_](?:[A-Za-z\d_.-]{0,252}[A-Za-z\d_])?$/, 'not the name of a host'),
);

const params = v.pipe(
  v.strictObject({
    ip: v.optional(
      described(
        v.pipe(
          v.string(),
          v.check((ip) => isIP(ip) !== 0, 'not an IPv4 or IPv6 address'),
        ),
        'The address.',
      ),
    ),
    names: v.optional(
      described(
        v.union([hostName, v.pipe(v.array(hostName), v.nonEmpty('a name is needed'))]),
        'A name, or a list of them, the canonical one first.',
      ),
    ),
    state: presence,
  }),
  v.check(
    ({ state, ip, names }) => state === 'absent' || (ip !== undefined && names !== undefined),
    '"ip" and "names" are needed',
  ),
  v.check(
    ({ ip, names }) => ip !== undefined || names !== undefined,
    'an "ip" or "names" is needed',
  ),
);

export const hostsEntry = defineStep({
  name: 'hosts_entry',
  summary: 'Gives an address its names in /etc/hosts; other lines stay.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: () => editQueries(hostsPath),

  plan: (_target, { ip, names = [], state }, seen) => {
    const all = [names].flat();
    return planEdit(
      hostsPath,
      seen,
      (text) => ({
        text:
          state === 'absent' || ip === undefined
            ? withoutHostNames(text, ip ?? null, all)
            : withHostNames(text, ip, all),
      }),
      { create: true },
    );
  },
});
