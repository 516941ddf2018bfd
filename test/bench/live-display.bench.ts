import { bench, describe } from 'vitest';
import { Fleet } from '../../src/report/fleet.ts';
import { fleetRows } from '../../src/report/fleet-rows.ts';
import { glyphsFor } from '../../src/report/glyphs.ts';
import { paintFor } from '../../src/report/paint.ts';
import { formatRow } from '../../src/report/row.ts';
import { Capture } from '../report/capture.ts';
import { hostEnd, runStart } from '../report/sample-run.ts';

const glyphs = glyphsFor({});
const paint = paintFor(Object.assign(new Capture(), { isTTY: true, hasColors: () => true }));

/** `npx vitest bench test/bench/live-display.bench.ts`: `mean` is milliseconds a frame. */
describe('a frame of the live display, with the 300 events before it', () => {
  for (const [hosts, active] of [
    [100, 32],
    [1000, 48],
    [1000, 900],
    [10_000, 900],
  ] as const) {
    const fleet = busyFleet(hosts, active);
    bench(`${hosts} hosts, ${active} at work`, () => {
      for (let event = 0; event < 300; event += 1) {
        const host = `xen${hosts - 1 - (event % active)}`;
        const done = event % 9;
        fleet.note({ event: 'activity', host, doing: 'act', task: 'iftab', done, total: 9 }, 0);
      }
      const scene = { fleet, isCheck: false, elapsedMs: 72_000, nowMs: 72_000, glyphs };
      for (const row of fleetRows(scene, 119, 20)) formatRow(row, 119, glyphs.ellipsis, paint);
    });
  }
});

/** The last hosts are at work, the others have ended, every 20th badly. */
function busyFleet(hosts: number, active: number): Fleet {
  const fleet = new Fleet();
  const all = Array.from({ length: hosts }, (_, index) => ({
    name: `xen${index}`,
    kind: 'dom0' as const,
  }));
  fleet.note(runStart(all), 0);
  for (const [index, { name, kind }] of all.entries()) {
    fleet.note({ event: 'host_start', host: name, kind }, 0);
    if (index >= hosts - active) continue;
    const isBad = index % 20 === 0;
    const error = isBad ? { message: 'connection refused', hint: null } : null;
    fleet.note(hostEnd(name, kind, { status: isBad ? 'failed' : 'ok', error }), 0);
  }
  return fleet;
}
