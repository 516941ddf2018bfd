import * as v from 'valibot';
import { plannedSchema } from '../host/planned-change.ts';

const text = v.pipe(v.string(), v.maxLength(65_536));
const file = v.strictObject({ file: text, sha256: text });
const share = v.union([
  v.strictObject({ hosts: v.number() }),
  v.strictObject({ percent: v.number() }),
]);

const rolloutEntries = {
  serial: v.optional(v.nullable(v.array(share)), null),
  max_fail_percentage: v.optional(v.nullable(v.number()), null),
  any_errors_fatal: v.optional(v.boolean(), false),
  max_per: v.optional(v.array(v.strictObject({ group: text, most: v.number() })), []),
  pause: v.optional(v.number(), 0),
};

const taskEntries = {
  /** `PLAY.TASK`, from 1. */
  at: v.pipe(v.string(), v.regex(/^[1-9]\d{0,4}\.[1-9]\d{0,4}$/)),
  task: text,
  status: v.picklist(['changed', 'unknown', 'upkeep']),
  network: v.optional(v.boolean(), false),
  message: v.optional(v.nullable(text), null),
  pending: v.optional(v.array(text), []),
};

const changeEntries = {
  subject: text,
  /** For people; null where there is no text to compare. */
  diff: v.optional(v.nullable(v.string()), null),
};

const hostEntries = { host: text, status: text, error: v.optional(v.nullable(text), null) };

const headEntries = {
  made: v.strictObject({ by: text, at: text, xpush: text }),
  inventory: v.strictObject({ path: v.nullable(text), files: v.array(file) }),
  playbooks: v.array(file),
  plays: v.array(
    v.strictObject({
      name: text,
      rollout: v.optional(v.strictObject(rolloutEntries), {}),
      tasks: v.array(v.strictObject({ name: text, step: text })),
    }),
  ),
};

const exactWork = {
  changes: v.array(plannedSchema),
  upkeep: v.optional(v.array(plannedSchema), []),
};

/** As it is written: what people review comes first, and what it is exactly at the end. */
export const writtenSchema = v.strictObject({
  ...headEntries,
  hosts: v.array(
    v.strictObject({
      ...hostEntries,
      tasks: v.optional(
        v.array(
          v.strictObject({
            ...taskEntries,
            changes: v.optional(v.array(v.strictObject(changeEntries)), []),
          }),
        ),
        [],
      ),
    }),
  ),
  exact: v.array(
    v.strictObject({
      host: text,
      tasks: v.array(v.strictObject({ at: taskEntries.at, ...exactWork })),
    }),
  ),
});

const plannedTask = v.strictObject({
  ...taskEntries,
  changes: v.array(v.strictObject({ ...changeEntries, exact: plannedSchema })),
  upkeep: v.array(plannedSchema),
});

const schema = v.strictObject({
  ...headEntries,
  hosts: v.array(v.strictObject({ ...hostEntries, tasks: v.array(plannedTask) })),
});

/** As it is written: reviewed and exact parts apart. */
export type WrittenPlan = v.InferOutput<typeof writtenSchema>;

/** What was planned for a fleet, and from what. */
export type SavedPlan = v.InferOutput<typeof schema>;

/** The same as it is written: plain data. */
export type PlanDocument = v.InferInput<typeof schema>;

/** The same without its hosts. */
export type PlanHead = Omit<PlanDocument, 'hosts'>;
