import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parametersOf } from '../steps/parameters.ts';
import type { Step } from '../steps/step.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Of the file, what steps are added to. */
const publishedSchema = v.looseObject({
  definitions: v.looseObject({
    task: v.looseObject({ properties: v.record(v.string(), v.unknown()) }),
  }),
});

/**
 * The JSON Schema of playbooks for editors, as it is published with xpush, with steps that a user wrote. Of the
 * parameters of these it says what has words in JSON Schema, and takes more than xpush does.
 */
export function playbookSchemaWith(own: readonly Step[]): JsonSchema {
  const file = join(import.meta.dirname, '..', '..', 'schemas', 'playbook.json');
  const published = v.parse(publishedSchema, JSON.parse(readFileSync(file, 'utf8')));
  const { definitions } = published;
  const added = Object.fromEntries(own.map((step) => [step.name, schemaOfStep(step)]));
  const properties = { ...definitions.task.properties, ...added };
  const task = { ...definitions.task, properties };
  return { ...published, definitions: { ...definitions, task } };
}

function schemaOfStep(step: Step): JsonSchema {
  const parameters = parametersOf(step);
  const required = parameters.flatMap(({ name, isOptional }) => (isOptional ? [] : [name]));
  const properties = parameters.map(({ name, description }): [string, JsonSchema] => {
    const schema = step.params.entries[name];
    const isWorked = step.expressions.includes(name) || schema === undefined;
    return [name, { description, ...(isWorked ? {} : orTemplate(schemaOf(schema))) }];
  });
  const whole = {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  const short = step.shorthand === null ? [] : [{ type: ['string', 'number', 'boolean'] }];
  const nothing = required.length > 0 ? [] : [{ type: 'null' }];
  return { description: step.summary, anyOf: [whole, ...nothing, ...short] };
}

/** What a value may be; nothing where only code can tell. */
function schemaOf(schema: v.GenericSchema): JsonSchema {
  switch (schema.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: schema.type };
    case 'picklist':
      return 'options' in schema ? { enum: schema.options } : {};
    case 'array':
      return { type: 'array' };
    case 'optional':
      return v.is(wrapping, schema) ? schemaOf(schema.wrapped) : {};
    default:
      return {};
  }
}

const wrapping = v.object({
  wrapped: v.custom<v.GenericSchema>((value) => v.is(schemaLike, value)),
});
const schemaLike = v.object({ kind: v.literal('schema'), type: v.string() });

function orTemplate(schema: JsonSchema): JsonSchema {
  const { type } = schema;
  const takesTexts = Object.keys(schema).length === 0 || type === 'string';
  return takesTexts ? schema : { anyOf: [schema, { $ref: '#/definitions/template' }] };
}
