import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { plannedDocument, plannedSchema } from '../../src/host/planned-change.ts';
import { planText, readPlan } from '../../src/records/plan-file.ts';
import type { PlanDocument, SavedPlan } from '../../src/records/plan-schema.ts';
import { someChange } from '../host/some-changes.ts';
import { runs } from '../runs.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('\0', '\x1b', '\x7f', '\x85', '\x9b', '\r', '\n', ' ', 'a'),
    maxLength: 6,
  }),
);
const diff = fc
  .array(fc.constantFrom('+a', '-b', ' ', '', ' c', '@@ -1 +1 @@', '+\ttab', '- trailing  '), {
    maxLength: 6,
  })
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

const exact = someChange.map((one) => plannedDocument(one)).filter((one) => one !== null);
const plans: fc.Arbitrary<PlanDocument> = fc.record({
  made: fc.record({ by: text, at: text, xpush: fc.constant('0.1.0') }),
  inventory: fc.record({
    path: fc.option(text, { nil: null }),
    files: fc.array(fc.record({ file: text, sha256: text }), { maxLength: 2 }),
  }),
  playbooks: fc.constant([]),
  plays: fc.array(
    fc.record({
      name: text,
      rollout: fc.record({
        serial: fc.option(fc.constant([{ hosts: 1 }, { percent: 10 }]), { nil: null }),
        max_fail_percentage: fc.constantFrom(null, 5),
        any_errors_fatal: fc.boolean(),
        max_per: fc.constantFrom([], [{ group: 'dom0', most: 1 }]),
        pause: fc.nat(10),
      }),
      tasks: fc.array(fc.record({ name: text, step: text }), { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
  hosts: fc.array(
    fc.record({
      ...{ host: text, status: text, error: fc.option(text, { nil: null }) },
      tasks: fc.array(
        fc.record({
          at: fc.constant('1.1'), // numbered below
          task: text,
          status: fc.constantFrom('changed', 'unknown'),
          network: fc.boolean(),
          message: fc.option(text, { nil: null }),
          pending: fc.array(text, { maxLength: 2 }),
          changes: fc.array(
            fc.record({ subject: text, diff: fc.option(diff, { nil: null }), exact }),
            { maxLength: 2 },
          ),
          upkeep: fc.array(exact, { maxLength: 1 }),
        }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
});

/** A host is in a plan once, and a task once in a host. */
const numbered = (plan: PlanDocument): PlanDocument => ({
  ...plan,
  hosts: plan.hosts.map((host, index) => ({
    ...host,
    host: `${index}${host.host}`,
    tasks: host.tasks.map((task, number) => ({ ...task, at: `1.${number + 1}` })),
  })),
});

const isPlan = (read: ReturnType<typeof readPlan>): read is SavedPlan => !('problem' in read);

const small: PlanDocument = {
  made: { by: 'ops@controller', at: '2026-11-22T23:05:01Z', xpush: '0.1.0' },
  inventory: { path: '/srv/fleet.yaml', files: [{ file: 'fleet.yaml', sha256: 'ab' }] },
  playbooks: [],
  plays: [],
  hosts: [{ host: 'xen1', status: 'ok', error: null, tasks: [] }],
};

describe('planText', () => {
  test('a plan is read back as it was written, and written again in the same words', () => {
    fc.assert(
      fc.property(plans.map(numbered), (plan) => {
        const written = planText(plan);
        const read = readPlan(written, 'plan');

        expect(written).toMatch(/^[\t\n\P{Cc}]*$/u);
        expect(isPlan(read) ? [] : read).toEqual([]);
        if (!isPlan(read)) return;
        const parsed = (one: unknown) => v.parse(plannedSchema, one);
        expect(read.hosts).toEqual(
          plan.hosts.map(({ tasks, ...host }) => ({
            ...host,
            tasks: tasks.map((task) => ({
              ...task,
              changes: task.changes.map((one) => ({ ...one, exact: parsed(one.exact) })),
              upkeep: task.upkeep.map(parsed),
            })),
          })),
        );
        expect(read.plays).toEqual(plan.plays);
        expect(planText(plan)).toBe(written);
      }),
      { numRuns: runs(100) },
    );
  });

  test('plans that were made at another time differ in their heads only', () => {
    const later = { ...small, made: { ...small.made, at: '2026-11-23T00:00:00Z' } };
    const [one, other] = [small, later].map((plan) => planText(plan).split('\n'));

    const differing = one!.filter((line, index) => line !== other![index]);

    expect(differing.map((line) => line.split(':')[0]!.trim())).toEqual(['digest', 'made']);
  });
});

describe('readPlan', () => {
  test.each([
    ['edited', (text: string) => text.replace('xen1', 'xen2'), 'is not as xpush wrote it'],
    ['cut', (text: string) => text.slice(0, text.indexOf('hosts:')), 'is not as xpush wrote it'],
    ['cut in a word', (text: string) => text.slice(0, 40), 'is no plan'],
    ['newer', (text: string) => text.replace('xpush_plan: 1', 'xpush_plan: 2'), 'another version'],
    ['another file', () => 'dom0: { xen1: {} }\n', 'is no plan of xpush'],
    ['no YAML', () => '{', 'is no plan'],
    ['empty', () => '', 'is no plan of xpush'],
  ])('a plan that is %s is refused in a sentence', (_name, spoil, sentence) => {
    const read = readPlan(spoil(planText(small)), 'plan.yaml');

    expect(isPlan(read) ? null : read.problem).toContain(`plan.yaml`);
    expect(isPlan(read) ? null : read.problem).toContain(sentence);
  });
});
