import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StatusReport, statusDocument } from '../../src/cli/status-document.ts';
import { statusHints, statusText } from '../../src/cli/status-text.ts';
import { decisionOf, findingsOf } from '../../src/cli/windows-words.ts';
import type {
  DecisionResult,
  LastWindow,
  PendingWindow,
  WindowsState,
} from '../../src/host/window.ts';
import { namedHosts } from '../../src/inventory/named-hosts.ts';
import { runs } from '../runs.ts';

const run = '20261122T230501Z-3f9a2c';
const by = 'alice@ctl';
const waiting: PendingWindow = {
  ...{
    id: `${run}.1`,
    run,
    by,
    state: 'applied',
    secondsLeft: 21,
    hasRebooted: false,
    isWatched: true,
  },
};
const nothing: WindowsState = { lock: null, pending: null, last: null };
const lock = { run, by, since: '2026-11-22T23:05:01Z', isStale: false };
const undone: LastWindow = {
  ...{ id: `${run}.1`, run, by, outcome: 'rolled_back', why: 'not confirmed' },
  secondsAgo: 200,
};

function reportsOf(hosts: Readonly<Record<string, Partial<WindowsState>>>): StatusReport[] {
  return [...namedHosts(Object.keys(hosts)).hosts.values()].map((host) => {
    const windows = { ...nothing, ...hosts[host.name] };
    const needsHuman = findingsOf(windows).some((one) => one.needsHuman);
    return { host, outcome: { status: needsHuman ? 'needs_human' : 'ok', windows } };
  });
}

describe('statusText', () => {
  test('of a thousand hosts the quiet ones are one line, and the others a row each', () => {
    const names = Array.from({ length: 1000 }, (_, n) => `xen${String(n).padStart(3, '0')}`);
    const reports = reportsOf({
      ...Object.fromEntries(names.map((name) => [name, {}])),
      xen007: { pending: waiting, lock },
      xen100: { last: undone },
      xen101: { lock: { ...lock, isStale: true } },
      xen102: { lock },
    });

    expect(statusText(reports)).toBe(
      `xen007  unconfirmed  changed by run ${run} by ${by}; undone in 21 s unless it is confirmed
xen100  undone       the change of run ${run} by ${by} was undone, 3 min ago: not confirmed
xen101  stale lock   run ${run} by ${by} held it since 2026-11-22T23:05:01Z and is gone; the next run takes it over
xen102  locked       run ${run} by ${by} is at work since 2026-11-22T23:05:01Z
Nothing pending on 996 hosts: xen[000:006], xen[008:099], xen[103:999]
`,
    );
  });

  test('a window that could not be undone is one row, and says where to look', () => {
    const reports = reportsOf({
      xen1: {
        pending: { ...waiting, state: 'rolling', secondsLeft: 0 },
        last: { ...undone, outcome: 'incomplete', why: 'rules of IPv4' },
        lock,
      },
    });

    expect(statusText(reports)).toBe(
      `xen1  needs a human  the change of run ${run} by ${by} could not be undone wholly, 3 min ago: rules of IPv4\n`,
    );
    expect(statusHints(reports, 'fleet.yaml')[0]).toContain('console of xen1');
  });

  test('what was kept is counted, and a row each when all is to be said', () => {
    const kept = { ...undone, outcome: 'confirmed', why: '' } as const;
    const reports = reportsOf({ xen1: { last: kept }, xen2: {}, xen3: { last: kept, lock } });

    expect(statusText(reports)).toBe(
      `xen3  locked  run ${run} by ${by} is at work since 2026-11-22T23:05:01Z
Nothing pending on 2 hosts: xen1, xen2; the last change was kept on 1
`,
    );
    expect(statusText(reports, true)).toContain(
      `xen1  kept    the change of run ${run} by ${by} was kept, 3 min ago\n`,
    );
    expect(JSON.stringify(statusDocument(reports, { version: '1', exit: 0 }))).toContain(
      '"outcome":"confirmed"',
    );
  });

  test('the line breaks of what a host says stay in JSON', () => {
    const [report] = reportsOf({ xen1: { last: { ...undone, why: 'one\ntwo\u0007' } } });
    const failed = { status: 'failed', message: 'a\nb\u009b', hint: null } as const;
    const reports = report === undefined ? [] : [report];
    const about = { version: '1', exit: 0 };

    expect(statusDocument(reports, about)).toMatchObject({
      hosts: { xen1: { error: null, last: { why: 'one\ntwo\\x07' } } },
    });
    expect(
      statusDocument(
        reports.map((one) => ({ ...one, outcome: failed })),
        about,
      ),
    ).toMatchObject({
      hosts: { xen1: { error: { message: 'a\nb\\x9b', hint: null }, last: null } },
    });
  });

  test('what waits comes with the command that keeps it', () => {
    const reports = reportsOf({ xen1: { pending: waiting }, xen2: {}, xen3: { pending: waiting } });

    expect(statusHints(reports, 'fleet.yaml')).toEqual([
      'To keep what waits: xpush confirm fleet.yaml --limit xen1,xen3',
      'To undo it now: xpush rollback fleet.yaml --limit xen1,xen3',
    ]);
  });

  test('a host that needs a human comes with what there is to do, fit to be pasted', () => {
    const last = { ...undone, outcome: 'incomplete', why: 'rules of IPv4' } as const;

    expect(statusHints(reportsOf({ xen1: { last } }), 'my fleet.yaml').slice(1)).toEqual([
      "To have it tried again: xpush rollback 'my fleet.yaml' --limit xen1",
      "When it is put in order by hand: xpush confirm 'my fleet.yaml' --limit xen1 --as-it-is",
    ]);
  });

  test('whatever a host says, nothing but printable text comes out, also as JSON', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 40 });
    const window = fc.record({
      ...{ id: anyText, run: anyText, by: anyText },
      state: fc.constantFrom('armed', 'applied', 'rolling', 'confirmed'),
      ...{ secondsLeft: fc.nat(), hasRebooted: fc.boolean(), isWatched: fc.boolean() },
    });
    const state = fc.record({
      lock: fc.option(
        fc.record({ run: anyText, by: anyText, since: anyText, isStale: fc.boolean() }),
      ),
      pending: fc.option(window),
      last: fc.option(
        fc.record({
          ...{ id: anyText, run: anyText, by: anyText, why: anyText },
          outcome: fc.constantFrom('confirmed', 'rolled_back', 'incomplete'),
          secondsAgo: fc.option(fc.nat()),
        }),
      ),
    });
    fc.assert(
      fc.property(state, (windows) => {
        const reports = reportsOf({ xen1: windows });
        const text = statusText(reports);
        const document = JSON.stringify(statusDocument(reports, { version: '1', exit: 0 }));

        expect(text + document).toMatch(/^(?:[^\p{C}]|\n)*$/u);
        for (const line of text.split('\n')) expect(line).toMatch(/^(?:xen1 |Nothing pending|$)/);
      }),
      { numRuns: runs() },
    );
  });
});

describe('findingsOf', () => {
  test.each([
    ['nothing', nothing, []],
    ['a change that was kept', { ...nothing, last: { ...undone, outcome: 'confirmed' } }, []],
    [
      'a change under way',
      { ...nothing, pending: { ...waiting, state: 'armed' }, lock },
      ['changing'],
    ],
    ['an undo under way', { ...nothing, pending: { ...waiting, state: 'rolling' } }, ['undoing']],
    [
      'the end of a confirmation',
      { ...nothing, pending: { ...waiting, state: 'confirmed' } },
      ['finishing'],
    ],
    ['a reboot', { ...nothing, pending: { ...waiting, hasRebooted: true } }, ['rebooted']],
    [
      'an undone change, and another run',
      { ...nothing, last: undone, lock: { ...lock, run: 'other' } },
      ['undone', 'locked'],
    ],
  ] as readonly (readonly [string, WindowsState, readonly string[]])[])(
    'of %s',
    (_, windows, words) => {
      expect(findingsOf(windows).map(({ word }) => word)).toEqual(words);
    },
  );
});

describe('decisionOf', () => {
  test.each([
    [{ type: 'confirmed' }, 'changed', 'failed'],
    [{ type: 'rolled_back', why: 'x' }, 'rolled_back', 'ok'],
    [{ type: 'too_late', message: 'x' }, 'rolled_back', 'failed'],
    [{ type: 'rebooted' }, 'rolled_back', 'ok'],
    [{ type: 'incomplete', why: 'x', parts: ['y'] }, 'needs_human', 'needs_human'],
    [{ type: 'not_applied' }, 'failed', 'failed'],
    [{ type: 'gone' }, 'failed', 'ok'],
    [{ type: 'busy', run: 'r', by, since: '', isPending: false }, 'busy', 'busy'],
    [{ type: 'failed', message: 'x' }, 'failed', 'failed'],
  ] as const satisfies readonly (readonly [DecisionResult, string, string])[])(
    '%o is %s to who confirms, and %s to who undoes',
    (result, confirming, undoing) => {
      expect(decisionOf('confirm', waiting, result).status).toBe(confirming);
      expect(decisionOf('undo', waiting, result).status).toBe(undoing);
    },
  );

  test('says what is not as before as far as it is known', () => {
    const incomplete = { type: 'incomplete', why: 'rules of IPv4' } as const;
    const { text } = decisionOf('undo', waiting, { ...incomplete, parts: [] });
    const named = decisionOf('undo', waiting, { ...incomplete, parts: ['filter'] });

    expect(text).toContain(
      `the change of run ${run} by ${by} could not be undone wholly (rules of IPv4);`,
    );
    expect(named.text).toContain('(rules of IPv4; filter)');
  });

  test('a host that is kept as it is now is well', () => {
    const kept = decisionOf('forget', waiting, {
      type: 'rolled_back',
      why: 'put in order by hand',
    });

    expect(kept).toEqual({ status: 'ok', word: 'kept', text: 'it stays as it is now' });
  });
});
