import fc from 'fast-check';
import type { ChangeRecord, RunEvent } from '../../src/engine/events.ts';

/** Any text, often with what does harm on a terminal. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '\x1b[2J',
        '\x1b]52;c;aGk=\x07',
        '\x9b31m',
        '\r',
        '\n',
        '\t',
        '\0',
        '\u202e',
        '\u2028',
        '\ud800',
        '日本',
        '👩‍👩‍👧',
        'xen1',
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const host = fc.oneof(fc.constantFrom('xen1', 'xen2', '__proto__'), text);
const kind = fc.constantFrom('dom0' as const, 'domU' as const);
const maybe = fc.option(text);
const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });

const change: fc.Arbitrary<ChangeRecord> = fc.record({
  kind: fc.constantFrom('write' as const, 'remove' as const, 'command' as const),
  subject: text,
  path: maybe,
  before: maybe,
  after: maybe,
});

const runStart: fc.Arbitrary<RunEvent> = fc.record({
  event: fc.constant('run_start' as const),
  xpush: text,
  run: fc.record({ id: text, by: text, since: text }),
  check: fc.boolean(),
  hosts: fc.array(fc.record({ name: host, kind, dom0: maybe, addresses: fc.array(text) }), {
    maxLength: 4,
  }),
});

const within: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({
    event: fc.constant('phase' as const),
    name: text,
    status: fc.constantFrom('start' as const, 'done' as const, 'failed' as const),
  }),
  fc.record({ event: fc.constant('host_start' as const), host, kind }),
  fc.record({
    event: fc.constant('activity' as const),
    host,
    doing: fc.constantFrom('connect' as const, 'look' as const, 'act' as const),
    task: maybe,
    done: fc.nat(20),
    total: fc.nat(20),
  }),
  fc.record({
    event: fc.constant('task' as const),
    host,
    play: text,
    task: text,
    step: text,
    status: fc.constantFrom(
      'ok' as const,
      'changed' as const,
      'failed' as const,
      'unknown' as const,
    ),
    changes: fc.array(change, { maxLength: 3 }),
    pending: fc.array(text, { maxLength: 2 }),
    message: maybe,
  }),
  fc.record({
    event: fc.constant('host_end' as const),
    host,
    kind,
    status: fc.constantFrom('ok' as const, 'failed' as const, 'rolled_back' as const),
    error: fc.option(fc.record({ message: text, hint: maybe })),
    seconds,
  }),
  fc.record({
    event: fc.constant('message' as const),
    level: fc.constantFrom('info' as const, 'warning' as const),
    host: fc.option(host),
    text,
  }),
  fc.record({
    event: fc.constant('verified' as const),
    isRight: fc.boolean(),
    summary: text,
    text,
    document: fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 2 })), { maxKeys: 2 }),
  }),
);

const runEnd: fc.Arbitrary<RunEvent> = fc.record({
  event: fc.constant('run_end' as const),
  seconds,
  exit: fc.nat(130),
  interrupted: fc.boolean(),
});

/** A run in which every text is hostile. */
export const hostileRun: fc.Arbitrary<readonly RunEvent[]> = fc
  .tuple(runStart, fc.array(within, { maxLength: 12 }), runEnd)
  .map(([start, between, end]) => [start, ...between, end]);
