import * as v from 'valibot';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { whyUntold } from './host-script.ts';
import { askService, serviceState } from './service-state.ts';
import { defineStep, refuse } from './step.ts';
import { shownText } from './text-parameters.ts';
import { askVerification, judgeUnit, planUnit, unitDirectory, unitFileName } from './unit-file.ts';

const params = v.pipe(
  v.strictObject({
    name: described(unitFileName, 'The unit, such as `app.service`.'),
    content: v.optional(described(shownText, 'The text of its file.')),
    dropin: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^[\w][\w.@-]{0,100}$/, 'not a name for a file')),
        'The file is one of those that add to the unit: `NAME.d/DROPIN.conf`.',
      ),
    ),
    state: v.optional(
      described(
        v.picklist(['present', 'absent', 'started', 'stopped', 'restarted', 'reloaded']),
        'Whether the file is there, and the unit runs; `absent` stops and disables it first. Default: `present`.',
      ),
    ),
    enabled: v.optional(described(v.boolean(), 'Whether it starts at boot. Default: as it is.')),
  }),
  v.check(
    ({ state, content }) => (state === 'absent') === (content === undefined),
    'a "content" is needed, but for "state: absent"',
  ),
  v.check(
    ({ state, enabled }) => state !== 'absent' || enabled === undefined,
    'what is absent is not "enabled"',
  ),
);

export const systemdUnit = defineStep({
  name: 'systemd_unit',
  summary:
    'Writes the file of a systemd unit and has systemd read it; starts and enables the unit.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { name, dropin, content }) => ({
    top: query.file(unitDirectory),
    file: query.file(pathOf(name, dropin)),
    directory: query.file(`${unitDirectory}/${name}.d`),
    service: askService(name),
    // what adds to a unit, or is for any instance, can't be judged alone
    judgements:
      content === undefined || dropin !== undefined || name.includes('@.')
        ? []
        : [askVerification(name, content)],
  }),

  plan: (_target, { name, dropin, content = null, state: wanted, enabled }, seen) => {
    if (seen.top.type !== 'directory') {
      return wanted === 'absent'
        ? { changes: [] }
        : refuse(`there is no ${unitDirectory}`, 'this step is for hosts with systemd');
    }
    const state = serviceState(seen.service);
    if (state === null) return refuse(whyUntold(seen.service, `the state of ${name}`));
    const judgement = seen.judgements.map((one) => judgeUnit(name, one))[0] ?? { message: null };
    const running = wanted === 'present' || wanted === 'absent' ? undefined : wanted;
    const plan = planUnit(
      {
        ...{ name, state, query: askService(name), output: seen.service },
        files: [{ path: pathOf(name, dropin), content, file: seen.file }],
        directories:
          dropin === undefined
            ? []
            : [{ path: `${unitDirectory}/${name}.d`, file: seen.directory }],
      },
      { state: running, enabled },
    );
    if ('refusal' in plan || !plan.changes.some(({ kind }) => kind === 'write')) return plan;
    if ('refusal' in judgement) return judgement;
    return { ...plan, message: plan.message ?? judgement.message };
  },
});

function pathOf(name: string, dropin: string | undefined): string {
  return dropin === undefined
    ? `${unitDirectory}/${name}`
    : `${unitDirectory}/${name}.d/${dropin.replace(/\.conf$/, '')}.conf`;
}
