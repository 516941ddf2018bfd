import { describe, expect, test } from 'vitest';
import type { HostEnd, HostStatus } from '../../src/engine/events.ts';
import { nextStep } from '../../src/report/next-step.ts';
import { recap } from '../../src/report/recap.ts';
import { RunRecord } from '../../src/report/run-record.ts';
import { runOf } from './sample-run.ts';

type Host = Parameters<typeof runOf>[0][number];

function recordOf(hosts: readonly Host[], options: Parameters<typeof runOf>[1] = {}): RunRecord {
  const record = new RunRecord();
  for (const event of runOf(hosts, options)) record.note(event);
  return record;
}

function host(name: string, status: HostStatus, error: HostEnd['error'] = null): Host {
  const tasks = status === 'changed' ? [{ status }] : [];
  return [name, 'dom0', tasks, { status, error }];
}

function hosts(prefix: string, count: number, status: HostStatus, message?: string): Host[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${prefix}${index + 1}`;
    const error = message === undefined ? null : { message: `${name}: ${message}`, hint: null };
    return host(name, status, error);
  });
}

function lines(record: RunRecord, columns = 80): readonly string[] {
  return recap(record, columns, (_style, text) => text);
}

describe('recap', () => {
  test('of 1000 hosts is a screenful, with identical errors told once', () => {
    const record = recordOf([
      ...hosts('ok', 900, 'ok'),
      ...hosts('new', 60, 'changed'),
      ...hosts('gone', 30, 'unreachable', 'connection refused'),
      ...hosts('bad', 9, 'failed', 'no space left on device'),
      host('back', 'rolled_back', { message: 'no new connection', hint: 'see its console' }),
    ]);

    expect(lines(record)).toEqual([
      '',
      'Recap: 1000 hosts in 1.9s',
      '  ok           900  ok1, ok2, ok3, ok4, ok5, ok6, ok7, ok8, ok9 and 891 more',
      '  changed       60  new1, new2, new3, new4, new5, new6, new7, new8 and 52 more',
      '  failed         9  bad1, bad2, bad3, bad4, bad5, bad6, bad7, bad8, bad9',
      '  unreachable   30  gone1, gone2, gone3, gone4, gone5, gone6, gone7 and 23 more',
      '  rolled back    1  back',
      '',
      'rolled back: back',
      '  no new connection',
      '  hint: see its console',
      'failed on 9 hosts: bad1, bad2, bad3, bad4, bad5, bad6, bad7, bad8, bad9',
      '  <host>: no space left on device',
      'unreachable on 30 hosts: gone1, gone2, gone3, gone4, gone5, gone6, gone7, gone8, gone9, gone10, gone11, gone12 and 18 more',
      '  <host>: connection refused',
      '',
      'Next: see to the errors above, then run again.',
    ]);
  });

  test('tells an error once that differs in the addresses of its hosts', () => {
    const addresses = ['10.0.0.1', '10.0.0.10', '2001:db8::1'];
    const record = new RunRecord();
    const run = runOf(
      addresses.map((address, index) => [
        `xen${index}`,
        'dom0',
        [],
        {
          status: 'unreachable',
          error: { message: `connection refused by ${address}:22`, hint: `try ssh ${address}` },
        },
      ]),
    );
    for (const event of run) {
      const isStart = event.event === 'run_start';
      record.note(
        isStart
          ? {
              ...event,
              hosts: event.hosts.map((one, index) => ({
                ...one,
                addresses: [addresses[index] ?? ''],
              })),
            }
          : event,
      );
    }

    expect(lines(record)).toContain('  connection refused by <address>:22');
    expect(lines(record)).toContain('  hint: try ssh <address>');
    expect(lines(record).filter((line) => line.startsWith('unreachable'))).toHaveLength(1);
  });

  test('is still short when every error is another', () => {
    const all = Array.from({ length: 300 }, (_, index) =>
      host(`xen${index}`, 'failed', { message: `reason ${index}`, hint: null }),
    );

    const text = lines(recordOf(all));

    expect(text.length).toBeLessThan(60);
    expect(text).toContain('... and 280 other errors on 280 hosts');
  });

  test('keeps errors apart that only name another host', () => {
    const message = (name: string) => ({ message: `xen1 has no bridge for ${name}`, hint: null });

    const text = lines(
      recordOf([
        host('xen1', 'failed', message('web')),
        host('xen10', 'failed', message('web')),
        host('xen2', 'failed', message('web')),
      ]),
    );

    expect(text).toContain('failed on 2 hosts: xen10, xen2');
    expect(text.filter((line) => line === '  xen1 has no bridge for web')).toHaveLength(2);
  });

  test('lists what is pending once, with all that wait for it', () => {
    const pending = ['rules appear when the guest is next created'];
    const record = recordOf([
      ['a', 'domU', [{ pending }], {}],
      ['b', 'domU', [{ pending: [...pending, 'eth1 appears later'] }], {}],
    ]);

    expect(lines(record).slice(-5)).toEqual([
      'Pending:',
      '  rules appear when the guest is next created (a, b)',
      '  eth1 appears later (b)',
      '',
      'Nothing to change: 2 hosts are as described; what is pending is above.',
    ]);
  });

  test('counts hosts that an interrupted run did not get to', () => {
    const record = new RunRecord();
    const skipped = { message: 'interrupted before it began', hint: null };
    const run = runOf([host('a', 'ok'), host('b', 'ok'), host('c', 'skipped', skipped)], {
      interrupted: true,
    });
    for (const event of run.filter((event) => !('host' in event) || event.host !== 'b')) {
      record.note(event);
    }

    expect(lines(record)).toEqual([
      '',
      'Recap: 3 hosts in 1.9s, interrupted',
      '  ok        1  a',
      '  skipped   1  c',
      '  not done  1  b',
      '',
      'skipped: c',
      '  interrupted before it began',
      '',
      'How the hosts stand:',
      '  new (as described)                  1  a',
      '  old (reached for, and not changed)  1  c',
      '  untouched (not begun)               1  b',
      '',
      'Next: run again: 2 of 3 hosts were not done.',
    ]);
  });

  test('of a rollout that stopped says how 1000 hosts stand, and the command that goes on', () => {
    const record = new RunRecord(() => 'xpush apply fleet.yaml --retry last');
    const undone = { message: 'no new connection', hint: null };
    const stopped = { message: 'the rollout stopped before it began', hint: null };
    const begun = [
      ...hosts('ok', 30, 'ok'),
      ...hosts('new', 6, 'changed'),
      host('back', 'rolled_back', undone),
      host('gone', 'unreachable', { message: 'no route', hint: null }),
      [
        'half',
        'dom0',
        [{ status: 'changed' }, { status: 'failed' }],
        { status: 'failed', error: undone },
      ],
    ] as const;
    const untouched = Array.from({ length: 961 }, (_, index) =>
      host(`far${index + 1}`, 'skipped', stopped),
    );
    const names = new Set(untouched.map(([name]) => name));
    for (const event of runOf([...begun, ...untouched])) {
      if (event.event === 'host_start' && names.has(event.host)) continue;
      if (event.event === 'run_end') {
        record.note({
          ...{ event: 'batch', play: 'Xen hosts', batch: 2, batches: 3, total: 1000 },
          ...{ hosts: [], status: 'stopped', message: '3 of 39 hosts begun ended badly' },
        });
      }
      record.note(event);
    }

    expect(lines(record).slice(-9)).toEqual([
      'The rollout stopped in batch 2 of 3 of Xen hosts: 3 of 39 hosts begun ended badly.',
      'How the hosts stand:',
      '  new (as described)                    36  ok1, ok2, ok3, ok4, ok5 and 31 more',
      '  partly new (may be changed in part)    1  half',
      '  undone (undid its changes)             1  back',
      '  old (reached for, and not changed)     1  gone',
      '  untouched (not begun)                961  far1, far2, far3, far4 and 957 more',
      '',
      'Next: see to the errors above, then go on with the 964 hosts left:\n  xpush apply fleet.yaml --retry last',
    ]);
  });

  test('a run that was interrupted names the command that goes on', () => {
    const record = new RunRecord(() => "xpush apply 'my fleet.yaml' --retry last");
    const skipped = { message: 'interrupted before it began', hint: null };
    const run = runOf([host('a', 'ok'), host('b', 'skipped', skipped)], { interrupted: true });
    for (const event of run) record.note(event);

    expect(lines(record).at(-1)).toBe(
      "Next: 1 of 2 hosts were not done; go on with:\n  xpush apply 'my fleet.yaml' --retry last",
    );
  });

  test('names a host that was interrupted between its plays, or in the middle of its changes', () => {
    const record = new RunRecord(() => 'xpush apply fleet.yaml --retry last');
    const between = { message: 'interrupted before its later plays', hint: null };
    const left = {
      message: 'left in its confirm window: it undoes its change by 10:00',
      hint: null,
    };
    const run = runOf(
      [host('a', 'changed', between), host('b', 'failed', left), host('c', 'failed', left)],
      { interrupted: true },
    );
    for (const event of run) {
      const about = { event: 'activity', task: null, done: 0, total: 1 } as const;
      if (event.event === 'host_start' && event.host === 'b') {
        record.note({ ...about, host: 'b', doing: 'act' });
      }
      record.note(event);
    }

    expect(lines(record)).toContain('  partly new (may be changed in part)  2  a, b');
    expect(lines(record).at(-1)).toContain('Next: 3 of 3 hosts were not done; go on with:');
  });
});

describe('standingOf', () => {
  test('a host that was being changed when all ended may be changed in part', () => {
    const record = new RunRecord();
    const about = { event: 'activity', task: null, done: 0, total: 1 } as const;
    for (const event of runOf([host('looked', 'ok'), host('acted', 'ok')], { interrupted: true })) {
      if (event.event === 'run_end') {
        record.note({ ...about, host: 'looked', doing: 'look' });
        record.note({ ...about, host: 'acted', doing: 'act' });
      }
      if (event.event !== 'host_end' && event.event !== 'task') record.note(event);
    }

    expect(lines(record)).toContain('  partly new (may be changed in part)  1  acted');
    expect(lines(record)).toContain('  old (reached for, and not changed)   1  looked');
  });
});

describe('nextStep', () => {
  test('a plan is gone on with, and never asked for options that it does not have', () => {
    const resume = 'xpush apply --plan fleet.plan';
    const next = (...chosen: Host[]): string => {
      const record = new RunRecord(() => resume, false);
      for (const event of runOf(chosen, { check: true })) record.note(event);
      return nextStep(record);
    };

    expect(next(host('xen1', 'changed'))).toBe(`Next: read the plan, then:\n  ${resume}`);
    expect(next(host('xen1', 'changed'), host('web1', 'unreachable'))).toBe(
      `Next: see to the errors above, or go on without these hosts:\n  ${resume}`,
    );
    expect(next(host('xen1', 'ok'), host('web1', 'unreachable'))).toBe(
      'Next: see to the errors above, then run again.',
    );
  });

  const ok = host('xen1', 'ok');
  const more = hosts('xen', 30, 'failed', 'no');

  test.each<[string, readonly Host[], boolean]>([
    ['Nothing to change: 1 host is as described.', [ok], false],
    ['Nothing to change: 2 hosts are as described.', [ok, host('a', 'ok')], true],
    ['Done: 1 of 2 hosts changed.', [ok, host('xen2', 'changed')], false],
    ['Next: run again without --check to apply.', [ok, host('xen2', 'changed')], true],
    [
      'Next: see to the errors above, then run again with --limit xen2,xen3.',
      [ok, host('xen2', 'failed'), host('xen3', 'unreachable'), host('xen4', 'changed')],
      false,
    ],
    [
      'Next: see to the errors above, then run again with --check --limit xen2.',
      [ok, host('xen2', 'rolled_back')],
      true,
    ],
    [
      'Next: see to the errors above, then run again with --limit xen2,web2.',
      [ok, host('xen2', 'failed'), host('web2', 'skipped')],
      false,
    ],
    [
      'Next: wait for the other run to end, then run again with --limit xen2,web2.',
      [ok, host('xen2', 'busy'), host('web2', 'skipped')],
      false,
    ],
    [
      'Next: see to the errors above, or run again without --check to apply what can be.',
      [host('xen1', 'changed'), host('web1', 'unreachable')],
      true,
    ],
    ['Nothing was done: no play has both hosts and tasks.', [], false],
    ['Next: see to the errors above, then run again.', [ok, ...more], false],
    ['Next: see to the errors above, then run again.', [host('xen2', 'failed')], false],
    ['Next: wait for the other run to end, then run again.', [host('xen2', 'busy')], false],
    [
      'Next: look at xen2 on the console: the network there may be half changed.',
      [host('xen2', 'needs_human'), host('xen3', 'failed')],
      false,
    ],
    ['Nothing was done: every host was skipped.', [host('xen2', 'skipped')], false],
  ])('%s', (expected, chosen, check) => {
    expect(nextStep(recordOf(chosen, { check }))).toBe(expected);
  });

  test.each([
    ['what verify found', false, host('xen1', 'changed'), 'Next: see to what verify found, above.'],
    ['nothing', true, host('xen1', 'changed'), 'Done: 1 of 1 host changed.'],
    [
      'errors first',
      false,
      host('xen1', 'failed'),
      'Next: see to the errors above, then run again.',
    ],
  ])('after a proof: %s', (_, isRight, chosen, expected) => {
    const record = recordOf([chosen]);
    record.note({ event: 'verified', isRight, summary: 'of a proof', text: '', document: {} });

    expect(nextStep(record)).toBe(expected);
    expect(lines(record)).toContain('Verify: of a proof');
  });
});
