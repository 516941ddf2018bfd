import * as v from 'valibot';
import { checked } from '../source/complaint.ts';
import { nodeAt, placeOf, type SourceNode } from '../source/source-node.ts';
import type { PlayRollout } from './model.ts';
import { parseShare, shareComplaint } from './shares.ts';

const share = v.pipe(v.union([v.number(), v.string()]), checked(shareComplaint));

function wholeNumber(least: number, most: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
}

/** Keywords of a play that say how it goes through its hosts. */
export const rolloutEntries = {
  serial: v.optional(v.union([share, v.pipe(v.array(share), v.nonEmpty('serial names no size'))])),
  max_fail_percentage: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100))),
  any_errors_fatal: v.optional(v.boolean()),
  max_per: v.optional(v.record(v.string(), wholeNumber(1, 999_999))),
  pause: v.optional(wholeNumber(0, 86_400)),
} as const;

const rolloutSchema = v.object(rolloutEntries);

/** How a play that was checked goes through its hosts. */
export function rolloutOf(
  fields: v.InferOutput<typeof rolloutSchema>,
  node: SourceNode,
): PlayRollout {
  const { serial, max_per: maxPer = {} } = fields;
  const shares = [serial ?? []].flat().flatMap((written) => parseShare(String(written)) ?? []);
  const limits = nodeAt(node, ['max_per']) ?? node;
  return {
    serial: shares.length === 0 ? null : shares,
    maxFailPercentage: fields.max_fail_percentage ?? null,
    anyErrorsFatal: fields.any_errors_fatal ?? false,
    maxPer: Object.entries(maxPer).map(([group, most]) => ({
      group,
      most,
      place: placeOf(limits, [group], 'key'),
    })),
    pauseSeconds: fields.pause ?? 0,
  };
}
