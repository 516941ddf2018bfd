import * as v from 'valibot';
import { flag, text } from './command.ts';

const many = { type: 'string', array: true, requiresArg: true } as const;

/** Options of every command that carries out playbooks: with which variables, and which tasks. */
export const steeringOptions = {
  'extra-vars': {
    ...many,
    alias: 'e',
    describe: 'Variables over all others: name=value, {json} or @file; again for more',
  },
  tags: { ...many, alias: 't', describe: 'Only tasks with these tags: a,b; again for more' },
  'skip-tags': { ...many, describe: 'No tasks with these tags' },
  'start-at-task': { ...text, describe: 'Begin with the task of this name, or glob' },
  step: { ...flag, describe: 'Ask of each task first whether it is to be done: y, n, c' },
} as const;

const words = v.pipe(
  v.optional(v.union([v.string(), v.array(v.string())]), []),
  v.transform((given) => [given].flat()),
);
const tags = v.pipe(
  words,
  v.transform((given) =>
    given.flatMap((list) => list.split(',').map((tag) => tag.trim())).filter((tag) => tag !== ''),
  ),
);

/** The same, as a command's schema has them. */
export const steeringEntries = {
  'extra-vars': words,
  tags,
  'skip-tags': tags,
  'start-at-task': v.optional(v.pipe(v.string(), v.nonEmpty('the name of a task'))),
  step: v.optional(v.boolean(), false),
} as const;

/** Options of a command line, as far as they are about variables and tasks. */
export type SteeringGiven = v.InferOutput<v.ObjectSchema<typeof steeringEntries, undefined>>;

/** Nothing is said. */
export const unsteered: SteeringGiven = {
  'extra-vars': [],
  tags: [],
  'skip-tags': [],
  step: false,
};

/** The first of these options that was given; null: none was. */
export function steeringGiven(given: SteeringGiven): string | null {
  const isGiven = {
    'extra-vars': given['extra-vars'].length > 0,
    tags: given.tags.length > 0,
    'skip-tags': given['skip-tags'].length > 0,
    'start-at-task': given['start-at-task'] !== undefined,
    step: given.step,
  };
  return Object.entries(isGiven).find(([, is]) => is)?.[0] ?? null;
}

/** Options that list what would be done, and do nothing. */
export const listOptions = {
  'list-tasks': { ...flag, describe: 'List the tasks; nobody is contacted' },
  'list-hosts': { ...flag, describe: 'List the hosts of each play; nobody is contacted' },
  'list-tags': { ...flag, describe: 'List the tags of each play; nobody is contacted' },
} as const;

/** The same, as a command's schema has them. */
export const listEntries = {
  'list-tasks': v.optional(v.boolean(), false),
  'list-hosts': v.optional(v.boolean(), false),
  'list-tags': v.optional(v.boolean(), false),
} as const;
