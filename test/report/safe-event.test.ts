import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fleet } from '../../src/report/fleet.ts';
import { fleetRows } from '../../src/report/fleet-rows.ts';
import { glyphsFor } from '../../src/report/glyphs.ts';
import { formatRow } from '../../src/report/row.ts';
import { safeEvent } from '../../src/report/safe-event.ts';
import { runs } from '../runs.ts';
import { Capture, report } from './capture.ts';
import { hostileRun } from './hostile-event.ts';
import { Terminal } from './terminal.ts';

// All that doesn't print, but for the two that text is made of.
const HARMFUL = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/u;
const RUNS = { numRuns: runs() };

describe('safeEvent', () => {
  test.each(['plain', 'json', 'ndjson'] as const)(
    'lets no control character through to %s output',
    async (form) => {
      await fc.assert(
        fc.asyncProperty(hostileRun, fc.integer({ min: 0, max: 2 }), async (run, verbose) => {
          const { stdout, stderr } = await report(run, { form, verbose, diff: true });

          expect(stdout).not.toMatch(HARMFUL);
          expect(stderr).not.toMatch(HARMFUL);
        }),
        RUNS,
      );
    },
  );

  test('leaves every line of ndjson an object', async () => {
    await fc.assert(
      fc.asyncProperty(hostileRun, async (run) => {
        const { stdout } = await report(run, { form: 'ndjson', diff: true });

        for (const line of stdout.trimEnd().split('\n')) {
          expect(JSON.parse(line)).toHaveProperty('event');
        }
      }),
      RUNS,
    );
  });

  test('lets nothing but our own sequences through to a terminal', async () => {
    await fc.assert(
      fc.asyncProperty(hostileRun, async (run) => {
        const stdout = Object.assign(new Capture(), {
          isTTY: true,
          columns: 80,
          rows: 24,
          hasColors: () => true,
        });

        await report(run, { form: 'auto', verbose: 2, diff: true, stdout, env: {} });

        // Throws at whatever is not ours; tabs are text.
        new Terminal(80, 24).write(stdout.text.replaceAll('\t', ' '));
      }),
      RUNS,
    );
  });

  test('leaves every row of the live display one row of no more cells than there are', () => {
    const size = fc.record({ columns: fc.integer({ min: 1, max: 150 }), rows: fc.nat(20) });
    fc.assert(
      fc.property(hostileRun, size, (run, { columns, rows }) => {
        const fleet = new Fleet();
        for (const event of run) fleet.note(safeEvent(event, false), 0);
        const glyphs = glyphsFor({});
        const scene = { fleet, isCheck: false, elapsedMs: 9000, nowMs: 9000, glyphs };

        const drawn = fleetRows(scene, columns, rows).map((row) =>
          formatRow(row, columns, glyphs.ellipsis, (_style, text) => text),
        );

        expect(drawn.length).toBeLessThanOrEqual(rows);
        for (const row of drawn) {
          expect(row).not.toMatch(HARMFUL);
          expect(row).not.toMatch(/[\n\t]/);
          expect([...stripVTControlCharacters(row)].length).toBeLessThanOrEqual(columns * 2);
        }
      }),
      RUNS,
    );
  });
});
