import { describe, expect, test } from 'vitest';
import { Fleet } from '../../src/report/fleet.ts';
import { fleetRows } from '../../src/report/fleet-rows.ts';
import { glyphsFor } from '../../src/report/glyphs.ts';
import { formatRow } from '../../src/report/row.ts';
import { hostEnd, runStart } from './sample-run.ts';

/** 40 hosts: 12 ok, 5 with errors, 10 at work since 1 s, 2 s ... 10 s ago. */
function busyFleet(): Fleet {
  const fleet = new Fleet();
  const names = Array.from({ length: 40 }, (_, index) => `xen${index + 1}`);
  const hosts = names.map((name) => ({ name, kind: 'dom0' as const }));
  fleet.note(runStart(hosts), 0);
  for (const host of names.slice(0, 17)) fleet.note({ event: 'host_start', host, kind: 'dom0' }, 0);
  for (const host of names.slice(0, 12)) fleet.note(hostEnd(host, 'dom0'), 0);
  for (const host of names.slice(12, 16)) {
    const error = { message: 'no space left\non device', hint: null };
    fleet.note(hostEnd(host, 'dom0', { status: 'failed', error }), 0);
  }
  const error = { message: 'no new connection', hint: null };
  fleet.note(hostEnd('xen17', 'dom0', { status: 'rolled_back', error }), 0);
  for (const [index, host] of names.slice(17, 27).entries()) {
    fleet.note({ event: 'host_start', host, kind: 'dom0' }, index * 1000);
    const doing = index % 2 === 0 ? 'look' : 'act';
    const task = doing === 'act' ? 'The firewall' : null;
    const activity = { event: 'activity', host, doing, task, done: 1, total: 4 } as const;
    fleet.note(activity, index * 1000);
  }
  return fleet;
}

function draw(
  fleet: Fleet,
  columns: number,
  rows: number,
  env: Readonly<Record<string, string>> = {},
): readonly string[] {
  const glyphs = glyphsFor(env);
  const scene = { fleet, isCheck: false, elapsedMs: 10_000, nowMs: 10_000, glyphs };
  return fleetRows(scene, columns, rows).map((row) =>
    formatRow(row, columns, glyphs.ellipsis, (_style, text) => text).trimEnd(),
  );
}

describe('fleetRows', () => {
  test('shows how far, how many, the oldest at work and the newest errors', () => {
    expect(draw(busyFleet(), 79, 17)).toEqual([
      '  ██████████████░░░░░░░░░░░░░░░░░░░░   42%  17 of 40  10s, about 14s left',
      '  ok 12  changed 0  failed 4  rolled back 1  running 10  waiting 13',
      '',
      '    xen18   10s  looking 1/4',
      '    xen19    9s  changing 1/4 The firewall',
      '    xen20    8s  looking 1/4',
      '    xen21    7s  changing 1/4 The firewall',
      '    xen22    6s  looking 1/4',
      '    xen23    5s  changing 1/4 The firewall',
      '    xen24    4s  looking 1/4',
      '    … 3 more running',
      '',
      '  ↩ xen17 rolled back: no new connection',
      '  ✖ xen16 failed: no space left on device',
      '  ✖ xen15 failed: no space left on device',
      '  ✖ xen14 failed: no space left on device',
      '  ✖ xen13 failed: no space left on device',
    ]);
  });

  test('keeps the counts, an oldest and a newest on a small terminal', () => {
    expect(draw(busyFleet(), 39, 8)).toEqual([
      '  █████▌░░░░░░░   42%  17 of 40  10s',
      '  ok 12  changed 0  failed 4',
      '  rolled back 1',
      '  running 10  waiting 13',
      '    xen18   10s  looking 1/4',
      '    … 9 more running',
      '  ↩ xen17 rolled back: no new connecti…',
      '    … 4 more with errors',
    ]);
  });

  test.each([0, 1, 2, 3, 4, 5, 12, 20])('takes no more than %i rows', (rows) => {
    expect(draw(busyFleet(), 79, rows).length).toBeLessThanOrEqual(rows);
  });

  test('needs nothing but ASCII where the locale has no more', () => {
    const text = draw(busyFleet(), 39, 20, { LANG: 'C' }).join('\n');

    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain('####-.......');
  });

  test('does not show a host that was skipped among the errors', () => {
    const fleet = new Fleet();
    const hosts = [{ name: 'web1', kind: 'domU' as const }];
    fleet.note(runStart(hosts), 0);
    const error = { message: 'its dom0 xen1 failed', hint: null };
    fleet.note(hostEnd('web1', 'domU', { status: 'skipped', error }), 0);

    expect(draw(fleet, 79, 17).join('\n')).not.toContain('web1');
    expect(fleet.troubled).toBe(0);
  });
});
