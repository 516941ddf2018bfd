import * as v from 'valibot';
import { change } from '../host/change.ts';
import { refused } from '../source/complaint.ts';
import { described } from './described.ts';
import { defineStep } from './step.ts';

const length = v.pipe(v.number(), v.minValue(0), v.maxValue(86_400));

const params = v.pipe(
  v.strictObject({
    seconds: v.optional(described(length, 'How many seconds.')),
    minutes: v.optional(described(length, 'How many minutes.')),
    prompt: refused(
      'nobody is asked in the middle of a run: hosts go on at their own pace, and would wait with locks held',
      'vars_prompt of the play asks before any host is contacted, --step before each task is chosen; serial with pause waits between batches',
    ),
  }),
  v.check(
    ({ seconds, minutes }) => (seconds === undefined) !== (minutes === undefined),
    'exactly one of "seconds" and "minutes" is needed',
  ),
);

export const pause = defineStep({
  name: 'pause',
  summary: 'Waits a while; not in a check.',
  on: ['dom0', 'domU', 'host'],
  params,
  queries: () => ({}),
  plan: (_target, { seconds = 0, minutes = 0 }) => {
    const all = Math.ceil(seconds + 60 * minutes);
    return {
      changes: [],
      upkeep:
        all === 0
          ? []
          : [
              change.call(['sleep', `${all}`], {
                ...{ effect: 'live', subject: 'a pause', before: '', after: `${all} s` },
                ...{ predicts: [], touches: [], timeoutSeconds: all + 60 },
              }),
            ],
      message: `${all} s`,
    };
  },
});
