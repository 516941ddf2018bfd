import * as v from 'valibot';
import type { CallCommand, Prediction, RunCommand } from './command-change.ts';
import { type Environment, isUser, isVariable, type Sensitive } from './command-text.ts';
import { line, listOf, mode, modeDocument, natural, path, text } from './document-words.ts';
import { entry, entryDocument } from './entry-document.ts';
import type { CommandOutput, OutputQuery } from './query.ts';
import { fileState, fileStateDocument } from './state-document.ts';

const plain = v.pipe(text, v.regex(/^[^\0]*$/));

/** What a document holds in place of a secret: that command cannot be run from it. */
const secret = v.pipe(
  v.strictObject({ secret: v.literal(true) }),
  v.transform((): Sensitive => ({ reveal: lostSecret })),
);

function lostSecret(): string {
  throw new Error('a secret is not kept in documents');
}

const variableName = v.pipe(v.string(), v.check(isVariable));

/** Variables in a list: their names could be those of what every object has. */
const environmentOf = <Value>(value: v.GenericSchema<unknown, Value>) =>
  v.pipe(
    listOf(v.strictObject({ name: variableName, value })),
    v.transform(
      (list): Readonly<Record<string, Value>> =>
        Object.fromEntries(list.map((one) => [one.name, one.value])),
    ),
  );

const argv = v.pipe(listOf(plain), v.minLength(1));
const user = v.nullable(v.pipe(v.string(), v.check(isUser)));
const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(1e9));
const directory = v.nullable(path);

/** How both are run. Documents of earlier versions have less. */
const run = {
  ...{ argv, directory },
  environment: v.optional(environmentOf(v.union([plain, secret])), []),
  user: v.optional(user, null),
  stdin: v.nullable(v.union([text, secret])),
  timeoutSeconds: v.optional(v.nullable(seconds), null),
  okStatuses: v.optional(listOf(v.pipe(natural, v.maxValue(255))), [0]),
};

const outputQuery = v.strictObject({
  ...{ kind: v.literal('output'), argv, directory, environment: environmentOf(plain), user },
  ...{ stdin: v.nullable(plain), timeoutSeconds: seconds, limitBytes: natural },
  ...{ isLasting: v.boolean(), readsOnly: v.nullable(listOf(line)) },
  isBrief: v.optional(v.boolean(), false),
}) satisfies v.GenericSchema<unknown, OutputQuery>;

const commandOutput = v.strictObject({
  ...{ status: natural, stdout: text, stderr: text },
  ...{ isCut: v.boolean(), isTimedOut: v.boolean() },
}) satisfies v.GenericSchema<unknown, CommandOutput>;

const fileQuery = v.strictObject({ kind: v.literal('file'), path });

const entryQuery = v.strictObject({ kind: v.literal('entry'), path, isFollowed: v.boolean() });

const predictions = listOf(
  v.union([
    v.strictObject({ query: outputQuery, before: commandOutput, answer: commandOutput }),
    v.strictObject({ query: fileQuery, before: fileState, answer: fileState }),
    v.strictObject({ query: entryQuery, before: entry, answer: entry }),
  ]),
);

/** What predictions become, without what they were planned from. */
export const answersAfter = v.nullable(
  listOf(
    v.union([
      v.strictObject({ query: outputQuery, answer: commandOutput }),
      v.strictObject({ query: fileQuery, answer: fileState }),
      v.strictObject({ query: entryQuery, answer: entry }),
    ]),
  ),
);

/** The fields of a command of the user's. */
export const commandEntries = {
  ...{ kind: v.literal('command'), effect: v.literal('both'), ...run },
  ...{ umask: v.optional(v.nullable(mode), null), files: listOf(path) },
} as const;

/** The fields of a command of ours. */
export const callEntries = {
  ...{ kind: v.literal('call'), effect: v.picklist(['live', 'boot', 'both']), ...run },
  ...{ subject: line, before: line, after: line },
  predicts: v.nullable(predictions),
  touches: v.nullable(listOf(line)),
  isBrief: v.optional(v.boolean(), false),
} as const;

/** What `commandEntries` reads. */
export function commandDocument(change: RunCommand) {
  const { umask, files } = change;
  return {
    ...{ ...change, ...runDocument(change), files: [...files] },
    umask: umask === null ? null : modeDocument(umask),
  };
}

/** What `callEntries` reads. */
export function callDocument(change: CallCommand) {
  const { predicts, touches } = change;
  return {
    ...{ ...change, ...runDocument(change) },
    predicts: predicts?.map(predictionDocument) ?? null,
    touches: touches === null ? null : [...touches],
  };
}

/** Fields of a document that holds no secret, in place of those above. */
export const plainEntries = {
  stdin: v.nullable(text),
  environment: v.optional(environmentOf(plain), []),
} as const;

/** What `plainEntries` reads; null: there is a secret. */
export function plainDocument({ stdin, environment }: RunCommand | CallCommand) {
  if (stdin !== null && typeof stdin !== 'string') return null;
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    typeof value === 'string' ? [{ name, value }] : [],
  );
  const isWhole = variables.length === Object.keys(environment).length;
  return isWhole ? { stdin, environment: variables } : null;
}

function runDocument(change: RunCommand | CallCommand) {
  const { argv: words, environment, stdin, okStatuses } = change;
  return {
    ...{ argv: [...words], okStatuses: [...okStatuses] },
    environment: environmentDocument(environment),
    stdin: stdin === null ? null : valueDocument(stdin),
  };
}

function environmentDocument(environment: Environment) {
  return Object.entries(environment).map(([name, value]) => ({
    name,
    value: valueDocument(value),
  }));
}

function valueDocument(value: string | Sensitive) {
  return typeof value === 'string' ? value : { secret: true as const };
}

function predictionDocument(prediction: Prediction) {
  if (isAbout(prediction, 'file')) {
    const { query, before, answer } = prediction;
    return { query, before: fileStateDocument(before), answer: fileStateDocument(answer) };
  }
  if (isAbout(prediction, 'entry')) {
    const { query, before, answer } = prediction;
    return { query, before: entryDocument(before), answer: entryDocument(answer) };
  }
  const { query, before, answer } = prediction;
  const { argv: words, environment, readsOnly } = query;
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return {
    query: {
      ...{ ...query, argv: [...words], environment: variables },
      readsOnly: readsOnly === null ? null : [...readsOnly],
    },
    ...{ before, answer },
  };
}

/** Whether it is about a query of that kind. */
export function isAbout<
  One extends { readonly query: Prediction['query'] },
  const Kind extends Prediction['query']['kind'],
>(
  one: One,
  kind: Kind,
): one is Extract<One, { readonly query: Extract<Prediction['query'], { readonly kind: Kind }> }> {
  return one.query.kind === kind;
}
