import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import {
  dom0Schema,
  domUSchema,
  fileSchema,
  groupSchema,
  networkSchema,
  plainHostSchema,
} from '../src/inventory/schema.ts';
import { inheritedEntries } from '../src/playbook/inherited.ts';
import { taskEntries } from '../src/playbook/read-keywords.ts';
import { playSchema } from '../src/playbook/read-play.ts';
import { blockSchema, importSchema } from '../src/playbook/read-tasks.ts';
import { steps } from '../src/steps/index.ts';
import { parametersOf } from '../src/steps/parameters.ts';
import type { Step } from '../src/steps/step.ts';

const draft = 'http://json-schema.org/draft-07/schema#';
const nothing: JsonSchema = { type: 'null' };
const template: JsonSchema = { $ref: '#/definitions/template' };

/** Schemas for editors, by the names of their files. They take all that xpush does, and here and there more. */
export function jsonSchemas(): Readonly<Record<string, JsonSchema>> {
  return { 'inventory.json': inventorySchema(), 'playbook.json': playbookSchema() };
}

function inventorySchema(): JsonSchema {
  const file = plain(fileSchema);
  const mapOf = (schema: v.GenericSchema): JsonSchema => ({
    anyOf: [nothing, { type: 'object', additionalProperties: orNothing(plain(schema)) }],
  });
  return {
    $schema: draft,
    title: 'Inventory of xpush',
    ...file,
    properties: {
      ...file.properties,
      networks: mapOf(networkSchema),
      dom0: mapOf(dom0Schema),
      domU: mapOf(domUSchema),
      hosts: mapOf(plainHostSchema),
      groups: mapOf(groupSchema),
    },
  };
}

function playbookSchema(): JsonSchema {
  const tasks: JsonSchema = { $ref: '#/definitions/tasks' };
  const listsOf = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, tasks]));
  const play = plain(playSchema);
  const block = plain(blockSchema);
  return {
    $schema: draft,
    title: 'Playbook of xpush',
    type: 'array',
    minItems: 1,
    items: {
      anyOf: [{ $ref: '#/definitions/play' }, { $ref: '#/definitions/importedPlaybook' }],
    },
    definitions: {
      template: { type: 'string', pattern: '\\{[{%#]', description: 'A template.' },
      play: {
        ...play,
        properties: {
          ...play.properties,
          ...listsOf(['pre_tasks', 'tasks', 'post_tasks', 'handlers']),
          roles: {
            type: 'array',
            items: { anyOf: [{ type: 'string' }, role] },
          },
        },
      },
      importedPlaybook: {
        type: 'object',
        properties: { import_playbook: { type: 'string' }, name: { type: 'string' } },
        required: ['import_playbook'],
        additionalProperties: false,
      },
      tasks: { anyOf: [nothing, { type: 'array', items: { $ref: '#/definitions/task' } }] },
      task: {
        type: 'object',
        properties: {
          ...properties(taskEntries),
          ...properties(importSchema.entries),
          ...block.properties,
          ...listsOf(['block', 'rescue', 'always']),
          ...imports,
          ...Object.fromEntries(steps.map((step) => [step.name, stepSchema(step)])),
        },
        additionalProperties: false,
      },
    },
  };
}

/** A role's name, keywords, and the variables that it has defaults for. */
const role: JsonSchema = {
  type: 'object',
  properties: {
    role: { type: 'string' },
    name: { type: 'string' },
    ...properties(inheritedEntries),
  },
};

const imports: Readonly<Record<string, JsonSchema>> = {
  ...Object.fromEntries(
    ['import_tasks', 'include_tasks'].map((name): [string, JsonSchema] => [
      name,
      {
        anyOf: [
          { type: 'string' },
          { type: 'object', properties: { file: { type: 'string' } }, required: ['file'] },
        ],
      },
    ]),
  ),
  ...Object.fromEntries(
    ['import_role', 'include_role'].map((name): [string, JsonSchema] => [
      name,
      { anyOf: [{ type: 'string' }, role] },
    ]),
  ),
  meta: { enum: ['flush_handlers', 'noop'] },
};

/** The parameters of a step, each of which may be a template. */
function stepSchema(step: Step): JsonSchema {
  const { params, summary, shorthand, expressions } = step;
  const schema = plain(params);
  const described = new Map(
    parametersOf(step).map(({ name, description }) => [name, { description }]),
  );
  const withTemplates = Object.entries(schema.properties ?? {}).map(
    ([name, parameter]): [string, JsonSchema] => [
      name,
      {
        ...described.get(name),
        ...(expressions.includes(name) ? expression : orTemplate(parameter)),
      },
    ],
  );
  const { $schema: _, ...rest } = schema;
  const whole: JsonSchema = { ...rest, properties: Object.fromEntries(withTemplates) };
  const short: JsonSchema[] = shorthand === null ? [] : [{ type: ['string', 'number', 'boolean'] }];
  return { description: summary, anyOf: [whole, nothing, ...short] };
}

const expression: JsonSchema = { anyOf: [{ type: ['string', 'boolean'] }, { type: 'array' }] };

/** A value, all of it or parts of it worked out on the host. */
function orTemplate(schema: JsonSchema | boolean): JsonSchema {
  if (typeof schema === 'boolean') return {};
  const { description: _, default: fallback, ...own } = schema;
  const inner = {
    ...own,
    ...(own.items !== undefined && !Array.isArray(own.items) && { items: orTemplate(own.items) }),
  };
  const isAny = Object.keys(inner).length === 0 || own.type === 'string';
  const isFree = isAny && own.pattern === undefined && own.enum === undefined;
  return {
    ...(fallback !== undefined && { default: fallback }),
    ...(isFree ? inner : { anyOf: [inner, template] }),
  };
}

function orNothing(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, nothing] };
}

function properties(entries: v.ObjectEntries): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, plain(entry as v.GenericSchema)]),
  );
}

/** The part of a schema that JSON Schema has words for; secrets and what only code can check are anything. */
function plain(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema: { type } }) =>
      ['instance', 'custom', 'unknown', 'any'].includes(type) ? {} : undefined,
    overrideAction: ({ valibotAction: { type }, jsonSchema }) => {
      if (type !== 'metadata') return undefined;
      const own = { noSecret: null, isHostPath: null };
      const { noSecret: _why, isHostPath: _is, ...others } = { ...own, ...jsonSchema };
      return others;
    },
  });
  return rest;
}
