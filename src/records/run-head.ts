import * as v from 'valibot';

const leftStatus = v.picklist([
  ...(['ok', 'changed', 'failed', 'unreachable', 'rolled_back', 'needs_human'] as const),
  ...(['busy', 'skipped', 'running', 'waiting'] as const),
]);

const digest = v.object({ file: v.string(), sha256: v.string() });

/** What a record says of its run before anything happens. */
export const headSchema = v.object({
  schema: v.literal(1),
  /** Version of xpush. */
  xpush: v.string(),
  run: v.object({ id: v.string(), by: v.string(), since: v.string() }),
  /** `apply`, `remove`, ... */
  command: v.string(),
  /** The words after `xpush`, without secrets. */
  arguments: v.array(v.string()),
  /** Options that the environment gave: `XPUSH_FORKS` and such. */
  environment: v.record(v.string(), v.string()),
  /** Where it was run; relative paths begin there. */
  directory: v.string(),
  check: v.boolean(),
  /** INVENTORY as given and the files that were read for it; null: the command takes none. */
  inventory: v.nullable(v.object({ argument: v.string(), files: v.array(digest) })),
  playbooks: v.array(digest),
  /** Of a run that goes on with another: the hosts that this one left behind, not only those it takes. */
  left: v.optional(v.array(v.object({ name: v.string(), status: leftStatus }))),
  process: v.object({
    controller: v.string(),
    boot: v.string(),
    pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
    started: v.string(),
  }),
});

export type RunHead = Readonly<v.InferOutput<typeof headSchema>>;

const count = v.optional(v.number(), 0);

/** What a record says of its run when all is over. */
export const endSchema = v.object({
  schema: v.literal(1),
  exit: v.number(),
  seconds: v.number(),
  interrupted: v.boolean(),
  /** Hosts by how they ended; `not_done` are those without an end. */
  hosts: v.object({
    ok: count,
    changed: count,
    skipped: count,
    busy: count,
    failed: count,
    unreachable: count,
    rolled_back: count,
    needs_human: count,
    not_done: count,
  }),
});

export type RunSummary = Readonly<v.InferOutput<typeof endSchema>>;

/** Names of the files of a record. */
export const recordFiles = { head: 'run.json', events: 'events.ndjson', end: 'end.json' } as const;
