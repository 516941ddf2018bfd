import * as v from 'valibot';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { editable } from './editable.ts';
import { defineStep, refuse } from './step.ts';

const localtime = '/etc/localtime';
const zones = '/usr/share/zoneinfo';
/** Of Debian and Alpine; what it says must agree where it is there. */
const namePath = '/etc/timezone';

// a directory of its own, since busybox knows no "ln -T"
const linking = `
new=$(mktemp -d /etc/.xpush-XXXXXX) || exit 1
ln -s "$1" "$new/localtime" && mv -f "$new/localtime" /etc/
status=$?
rm -rf "$new"
exit "$status"`;

const params = v.strictObject({
  name: described(
    v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z][\w+-]*(?:\/[A-Za-z\d][\w+-]*){0,2}$/,
        'not a time zone\nsuch as Europe/Berlin',
      ),
    ),
    'The zone, such as `Europe/Berlin` or `UTC`.',
  ),
});

const linkQuery = query.output(['readlink', localtime], { readsOnly: [localtime], isBrief: true });

export const timezone = defineStep({
  name: 'timezone',
  summary: "Sets the host's time zone.",
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'name',

  queries: (_target, { name }) => ({
    zone: query.file(`${zones}/${name}`),
    current: query.file(localtime),
    link: linkQuery,
    name: query.file(namePath),
  }),

  plan: (_target, { name }, seen) => {
    const { zone, current, link } = seen;
    if (zone.type !== 'file') {
      return refuse(
        `the host has no time zone ${name}`,
        'check its spelling; tzdata must be installed',
      );
    }
    if (current.type === 'directory') return refuse(`${localtime} is a directory`);
    const named = editable(namePath, seen.name);
    if ('refusal' in named) return named;
    const target = `..${zones}/${name}`;
    const leadsTo = link.status === 0 ? link.stdout.trimEnd() : '';
    const isLinked = leadsTo === target || leadsTo === `${zones}/${name}`;
    const answer = { ...link, status: 0, stdout: `${target}\n`, stderr: '' };
    return {
      changes: [
        ...(isLinked
          ? []
          : [
              change.call(['/bin/sh', '-c', linking, 'sh', target], {
                effect: 'both',
                subject: localtime,
                isBrief: true,
                before:
                  leadsTo === '' ? (current.type === 'absent' ? 'nothing' : 'a file') : leadsTo,
                after: target,
                predicts: [
                  { query: linkQuery, before: link, answer },
                  { query: query.file(localtime), before: current, answer: zone },
                ],
                touches: [],
              }),
            ]),
        ...(named.text === null || named.text.trim() === name
          ? []
          : change.writeFile(namePath, `${name}\n`, seen.name, { effect: 'boot' })),
      ],
    };
  },
});
