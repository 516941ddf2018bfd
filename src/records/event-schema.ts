import * as v from 'valibot';
import type { RunEvent } from '../engine/events.ts';
import type { Data } from '../source/data.ts';

const host = v.string();
const maybe = v.nullable(v.string());
const kind = v.picklist(['dom0', 'domU', 'host']);
const texts = v.array(v.string());

const change = v.object({
  kind: v.picklist([
    'write',
    'send',
    'remove',
    'directory',
    'link',
    'attributes',
    'tree',
    'command',
    'call',
    'chains',
    'nft',
    'routing',
    'parameter',
  ]),
  subject: v.string(),
  path: maybe,
  before: maybe,
  after: maybe,
});

const hosts = v.array(v.object({ name: v.string(), kind, dom0: maybe, addresses: texts }));

const schema = v.variant('event', [
  v.object({
    event: v.literal('run_start'),
    xpush: v.string(),
    run: v.object({ id: v.string(), by: v.string(), since: v.string() }),
    check: v.boolean(),
    hosts,
  }),
  v.object({ event: v.literal('hosts_added'), hosts }),
  v.object({
    event: v.literal('phase'),
    name: v.string(),
    status: v.picklist(['start', 'done', 'failed']),
  }),
  v.object({
    event: v.literal('batch'),
    play: v.string(),
    batch: v.number(),
    batches: v.number(),
    total: v.number(),
    hosts: texts,
    status: v.picklist(['start', 'done', 'stopped']),
    message: maybe,
  }),
  v.object({ event: v.literal('host_start'), host, kind }),
  v.object({
    event: v.literal('activity'),
    host,
    doing: v.picklist(['connect', 'look', 'act', 'wait', 'confirm', 'undo']),
    task: maybe,
    done: v.number(),
    total: v.number(),
  }),
  v.object({
    event: v.literal('task'),
    host,
    play: v.string(),
    task: v.string(),
    step: v.string(),
    status: v.picklist(['ok', 'changed', 'failed', 'skipped', 'unknown']),
    changes: v.array(change),
    pending: texts,
    message: maybe,
  }),
  v.object({
    event: v.literal('host_end'),
    host,
    kind,
    status: v.picklist([
      'ok',
      'changed',
      'failed',
      'unreachable',
      'rolled_back',
      'needs_human',
      'busy',
      'skipped',
    ]),
    error: v.nullable(v.object({ message: v.string(), hint: maybe })),
    seconds: v.number(),
  }),
  v.object({
    event: v.literal('message'),
    level: v.picklist(['info', 'warning']),
    host: maybe,
    text: v.string(),
  }),
  v.object({
    event: v.literal('verified'),
    isRight: v.boolean(),
    summary: v.string(),
    text: v.string(),
    // What JSON.parse gives is data.
    document: v.custom<Data>((value) => value !== undefined),
  }),
  v.object({
    event: v.literal('run_end'),
    seconds: v.number(),
    exit: v.number(),
    interrupted: v.boolean(),
  }),
]);

/** Every key, those of the parts too; what is any data has none of its own. */
type Complete<T> = [Data] extends [T]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]-?: Complete<T[Key]> }
    : T;

type Read = Complete<v.InferOutput<typeof schema>>;

type IsSame<One, Other> = [One, Other] extends [Other, One] ? unknown : never;

/**
 * What an event of a record must be; keys that are not known are left out. Its type is `never` when the
 * engine has an event, a key or a word that is not read here.
 */
export const eventSchema: v.GenericSchema<unknown, RunEvent> & IsSame<Read, Complete<RunEvent>> =
  schema;
