import { describe, expect, test } from 'vitest';
import { Outlet } from '../../src/report/outlet.ts';
import type { Row } from '../../src/report/row.ts';
import { Screen, type ScreenSize } from '../../src/report/screen.ts';
import { Capture } from './capture.ts';
import { Terminal } from './terminal.ts';

function openScreen(compose: (size: ScreenSize) => readonly Row[]) {
  const stream = Object.assign(new Capture(), { isTTY: true, columns: 20, rows: 8 });
  const screen = new Screen(new Outlet(stream), compose, (_style, text) => text, '...');
  return { stream, screen };
}

function shown({ text, columns, rows }: { text: string; columns: number; rows: number }) {
  const terminal = new Terminal(columns, rows);
  terminal.write(text);
  return terminal.screen;
}

describe('Screen', () => {
  test('redraws rows in place, more or fewer, below what is printed', async () => {
    let rows = ['one', 'two', 'three'];
    const { stream, screen } = openScreen(() => rows.map((text) => [{ text }]));

    screen.print('first');
    await expect.poll(() => shown(stream)).toEqual(['first', 'one', 'two', 'three']);
    rows = ['one', 'zwei'];
    screen.change();
    await expect.poll(() => shown(stream)).toEqual(['first', 'one', 'zwei']);
    rows = ['a', 'b', 'c', 'd'];
    screen.print('second');
    await expect.poll(() => shown(stream)).toEqual(['first', 'second', 'a', 'b', 'c', 'd']);
    screen.print('third');
    screen.close();

    expect(shown(stream)).toEqual(['first', 'second', 'third']);
  });

  test('prints as many lines as there are', () => {
    const { stream, screen } = openScreen(() => []);

    screen.print('x\n'.repeat(262_144));
    screen.close();

    expect(stream.text.match(/x/g)).toHaveLength(262_144);
  });

  test('keeps its place when the terminal echoes what is typed', async () => {
    const { stream, screen } = openScreen(() => [[{ text: 'top' }], [{ text: 'x'.repeat(30) }]]);
    screen.change();
    await expect.poll(() => shown(stream)).toHaveLength(2);

    stream.text += '^C';
    screen.print('interrupted');

    await expect.poll(() => shown(stream)).toEqual(['interrupted', 'top', 'xxxxxxxxxxxxxxxx...']);
    screen.close();
  });

  test('leaves two rows of the terminal free and cuts the rest', async () => {
    const { stream, screen } = openScreen(({ columns, rows }) =>
      Array.from({ length: 30 }, () => [{ text: `${columns} ${rows} and more than fits` }]),
    );

    screen.change();

    await expect.poll(() => shown(stream)).toEqual(Array(6).fill('19 6 and more th...'));
    screen.close();
  });

  test('writes nothing when nothing changed', async () => {
    let frames = 0;
    const { stream, screen } = openScreen(() => {
      frames += 1;
      return [[{ text: 'same' }]];
    });
    screen.change();
    await expect.poll(() => frames).toBe(1);
    const before = stream.text;

    screen.change();
    await expect.poll(() => frames).toBe(2);

    expect(stream.text).toBe(before);
    screen.close();
  });

  test('draws what happens at once in one frame', async () => {
    let frames = 0;
    const { screen } = openScreen(() => {
      frames += 1;
      return [];
    });

    for (let change = 0; change < 1000; change += 1) screen.change();
    await expect.poll(() => frames).toBe(1);
    screen.close();
  });

  test('finds its first row again when the terminal gets narrower and wraps', async () => {
    const { stream, screen } = openScreen(() => [[{ text: '0123456789' }], [{ text: 'end' }]]);
    screen.print('kept');
    await expect.poll(() => shown(stream)).toEqual(['kept', '0123456789', 'end']);
    stream.text = '';

    stream.columns = 6;
    stream.emit('resize');
    await expect.poll(() => stream.text).not.toBe('');

    // What the terminal made of it, and then our frame.
    const terminal = new Terminal(6, 8);
    terminal.write(`kept\r\n012345\r\n6789\r\nend${stream.text}`);
    expect(terminal.screen).toEqual(['kept', '01...', 'end']);
    screen.close();
  });

  test('skips frames that a slow terminal would only queue', async () => {
    let frames = 0;
    const { stream, screen } = openScreen(() => {
      frames += 1;
      return [[{ text: String(frames) }]];
    });
    const release: (() => void)[] = [];
    stream._write = (_chunk, _encoding, done) => release.push(done);
    const ticking = setInterval(() => screen.change(), 1);

    await expect.poll(() => frames).toBe(1);
    const until = performance.now() + 400;
    await expect.poll(() => performance.now() > until).toBe(true);

    expect(frames).toBe(1);
    for (const done of release.splice(0)) done();
    await expect.poll(() => frames).toBe(2);
    clearInterval(ticking);
    screen.close();
  });
});
