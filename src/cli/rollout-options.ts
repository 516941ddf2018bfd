import * as v from 'valibot';
import type { FailureLimit } from '../engine/budget.ts';
import type { ConfirmOptions } from '../engine/leg-options.ts';
import type { RolloutOptions } from '../engine/sequences.ts';
import { parseShare } from '../playbook/shares.ts';
import { flag, text } from './command.ts';

/** Options of every command that changes hosts: how it goes through them, and what keeps them reachable. */
export const rolloutOptions = {
  serial: {
    ...text,
    describe: 'Sizes of the batches, of Xen hosts with their guests: 5, or 1,10%,100%',
  },
  'max-fail': {
    ...text,
    describe: 'Stop when more hosts than these end badly: N or N% [default: 20%, at least 3]',
  },
  'confirm-timeout': {
    ...text,
    describe: 'Seconds until a host undoes a network change that nobody confirms [default: 30]',
  },
  'no-confirm': { ...flag, describe: 'Make network changes without a confirm window' },
} as const;

const longestTimeoutSeconds = 3600;
const shortestTimeoutSeconds = 3;

/** The same, as a command's schema has them. */
export const rolloutEntries = {
  serial: v.optional(
    v.pipe(
      v.string(),
      v.transform((list) => list.split(',').map((size) => parseShare(size.trim()))),
      v.check(
        (sizes) => !sizes.includes(null),
        'sizes are numbers or percentages, separated by commas: 1,10%,100%',
      ),
      v.transform((sizes) => sizes.flatMap((size) => size ?? [])),
    ),
  ),
  'max-fail': v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(?:\d{1,6}|\d{1,2}%|100%)$/, 'a number of hosts, or a percentage: 10%'),
      v.transform((written): FailureLimit => {
        const most = Number.parseInt(written, 10);
        return { kind: written.endsWith('%') ? 'percent' : 'hosts', most };
      }),
    ),
  ),
  'confirm-timeout': v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,4}$/, 'a number of seconds'),
      v.transform(Number),
      v.minValue(shortestTimeoutSeconds, `${shortestTimeoutSeconds} seconds or more`),
      v.maxValue(longestTimeoutSeconds, `${longestTimeoutSeconds} seconds or less`),
    ),
  ),
  'no-confirm': v.optional(v.boolean(), false),
} as const;

const rolloutSchema = v.object(rolloutEntries);

/** What the command line says of the rollout and of confirm windows. `isGoingBack`: as in `ConfirmOptions`. */
export function rolloutOf(
  options: v.InferOutput<typeof rolloutSchema>,
  isGoingBack: boolean,
): {
  readonly rollout: RolloutOptions;
  readonly confirm: ConfirmOptions;
} {
  return {
    rollout: { serial: options.serial ?? null, maxFail: options['max-fail'] ?? null },
    confirm: {
      timeoutSeconds: options['confirm-timeout'] ?? null,
      isOff: options['no-confirm'],
      isGoingBack,
    },
  };
}
