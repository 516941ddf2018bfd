import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltDriver, buildDriver } from './build-driver.ts';
import { Pty } from './pty.ts';

const FRAME = '\x1b[?25l';
const GREEN = '\x1b[32m';
const CTRL_C = '\x03';
const CTRL_S = '\x13';
const CTRL_Q = '\x11';

describe('LiveView', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xpush-live-'));
  const mark = join(directory, 'mark');
  const env = { MARK: mark };
  let driver: BuiltDriver;

  beforeAll(() => {
    driver = buildDriver('fleet-driver');
  });

  afterAll(() => {
    driver?.remove();
    rmSync(directory, { recursive: true });
  });

  function drive(hosts: number, forks: number, hostMs: number, ending = 'finish'): string[] {
    return [process.execPath, driver.path, ...[hosts, forks, hostMs].map(String), ending];
  }

  test('draws 1000 hosts in 20 rows at most, 8 times a second at most', async () => {
    await using pty = new Pty(drive(1000, 100, 300), { columns: 80, rows: 24 });
    const started = performance.now();
    let highest = 0;
    const bars = new Set<number>();
    pty.onWrite = () => {
      const { screen } = pty.terminal;
      const top = screen.findIndex((row) => /^. (Canary|Rollout)$/.test(row));
      if (top >= 0) highest = Math.max(highest, screen.length - top);
      bars.add(screen.filter((row) => / of 1000 /.test(row)).length);
    };

    const exit = await pty.ended();

    const seconds = (performance.now() - started) / 1000;
    const frames = pty.text.split(FRAME).length - 1;
    expect(exit).toBe(0);
    expect(highest).toBeGreaterThan(10);
    expect(highest).toBeLessThanOrEqual(20);
    expect(frames).toBeGreaterThan(5);
    expect(frames).toBeLessThanOrEqual(seconds * 8 + 1);
    // A frame that missed the one before would leave its bar behind.
    expect([...bars].filter((count) => count > 1)).toEqual([]);
    expect(pty.terminal.isCursorShown).toBe(true);
  });

  test.each([
    [80, 24],
    [120, 40],
    [40, 12],
    [30, 5],
  ])('leaves only phases and the recap behind, on %i x %i', async (columns, rows) => {
    await using pty = new Pty(drive(12, 4, 100), { columns, rows });

    await pty.ended();

    const history = pty.terminal.history.join('\n');
    expect(history).toMatch(
      /^Applying to 12 hosts\.\n✔ Canary [\d.]+s\n✔ Rollout [\d.]+s\n\nRecap: 12 hosts in/,
    );
    expect(history).not.toMatch(/running|waiting/);
    expect(pty.terminal.isWrapping).toBe(true);
  });

  test('answers Ctrl-C within 100 ms while 1000 hosts are at work', async () => {
    const answers: number[] = [];
    // A busy machine may be late once, a starved loop always is.
    for (let attempt = 0; attempt < 3 && !answers.some((ms) => ms < 100); attempt += 1) {
      await using pty = new Pty(drive(1000, 1000, 4000), { columns: 80, rows: 24 });
      await pty.until(() => pty.text.includes('running 1000') && pty.text.includes('changing'));

      const typed = performance.now();
      pty.type(CTRL_C);
      await pty.until(() => pty.text.includes('interrupted'));
      answers.push(performance.now() - typed);

      expect(await pty.ended()).toBe(130);
      expect(pty.terminal.isCursorShown).toBe(true);
    }

    expect(Math.min(...answers)).toBeLessThan(100);
  });

  test('goes on with the run while the terminal is stopped by Ctrl-S', async () => {
    await using pty = new Pty(drive(40, 4, 100), { columns: 80, rows: 24, env });
    await pty.until(() => pty.text.includes('of 40'));

    pty.type(CTRL_S);
    await pty.until(() => readFileSync(mark, 'utf8').endsWith('done'));
    const shownMeanwhile = pty.text.includes('Recap');
    pty.type(CTRL_Q);

    expect(await pty.ended()).toBe(0);
    expect(shownMeanwhile).toBe(false);
    expect(pty.terminal.history.join('\n')).toContain('Recap: 40 hosts');
  });

  test.each([
    ['crash', 1],
    ['exit', 3],
  ])('gives the cursor back when the program ends by %s', async (ending, exit) => {
    await using pty = new Pty(drive(40, 4, 200, ending), { columns: 80, rows: 24 });

    expect(await pty.ended()).toBe(exit);

    expect(pty.text).toContain(FRAME);
    expect(pty.terminal.isCursorShown).toBe(true);
    expect(pty.terminal.history.join('\n')).not.toContain('of 40');
  });

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'gives the cursor back when the program dies of %s',
    async (signal) => {
      await using pty = new Pty(drive(40, 4, 4000, 'wait'), { columns: 80, rows: 24, env });
      await pty.until(() => pty.text.includes('of 40'));

      process.kill(Number(readFileSync(mark, 'utf8')), signal);

      expect(await pty.ended()).not.toBe(0);
      expect(pty.terminal.isCursorShown).toBe(true);
      expect(pty.terminal.history).toEqual(['Applying to 40 hosts.']);
    },
  );

  test('has no colours with NO_COLOR, and colours without', async () => {
    await using plain = new Pty(drive(4, 4, 40), { columns: 80, rows: 24, env: { NO_COLOR: '1' } });
    await using coloured = new Pty(drive(4, 4, 40), { columns: 80, rows: 24 });

    await Promise.all([plain.ended(), coloured.ended()]);

    expect(plain.text).not.toContain(GREEN);
    expect(coloured.text).toContain(GREEN);
  });

  test('writes plain lines on a terminal that can only write lines', async () => {
    await using pty = new Pty(drive(4, 4, 40), { columns: 80, rows: 24, env: { TERM: 'dumb' } });

    await pty.ended();

    expect(pty.text).not.toContain('\x1b');
    expect(pty.terminal.history.filter((row) => /^xen00\d {2}ok /.test(row)).length).toBe(3);
  });
});
