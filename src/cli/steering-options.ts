import * as v from 'valibot';
import { text } from './command.ts';

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
} as const;

/** Options of a command line, as far as they are about variables and tasks. */
export type SteeringGiven = v.InferOutput<v.ObjectSchema<typeof steeringEntries, undefined>>;

/** Nothing is said. */
export const unsteered: SteeringGiven = { 'extra-vars': [], tags: [], 'skip-tags': [] };

/** Names of those options that were given. */
export function steeringGiven(given: SteeringGiven): readonly string[] {
  return Object.keys(steeringEntries).filter((name) => {
    const value = name in given ? given[name as keyof SteeringGiven] : undefined;
    return value !== undefined && value.length > 0;
  });
}
