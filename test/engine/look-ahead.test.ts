import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LocalHost, localHost } from './local-host.ts';
import { play } from './play.ts';

let directory: string;
let host: LocalHost;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-ahead-'));
  host = localHost();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Which of these names of files each program that acts has in it. */
function namesIn(names: readonly string[]): readonly string[] {
  const acting = host.programs.filter((one) => /^xp_do /m.test(one));
  return acting.map((program) => names.filter((name) => program.includes(name)).join(' '));
}

describe('lookAhead', () => {
  test('nothing is looked at that will be looked at again', async () => {
    const tasks = `
tasks:
  - { name: first, command: { cmd: "true", changes: always } }
  - { name: one, copy: { dest: DIR/file-one, content: "1" } }
  - { name: second, command: { cmd: "true", changes: always } }
  - { name: two, copy: { dest: DIR/file-two, content: "2" } }
`;

    const { lines, programs } = await play(host, tasks, { directory });

    expect(lines).toEqual(['first changed', 'one changed', 'second changed', 'two changed']);
    expect(host.programs[0]).toMatch(/file-one.*file-two/s);
    expect(namesIn(['file-one', 'file-two'])).toEqual([
      'file-one',
      'file-one file-two',
      'file-two',
    ]);
    expect(programs).toBe(4);
  });

  test('what comes otherwise than it looked is looked at then', async () => {
    const tasks = `
tasks:
  - { name: first, command: { cmd: touch DIR/made, changes: always } }
  - { name: second, command: { cmd: touch DIR/never, creates: DIR/made } }
  - { name: two, copy: { dest: DIR/file-two, content: "2" } }
`;

    const { lines, programs } = await play(host, tasks, { directory });

    expect(lines).toEqual([
      'first changed',
      `second ok: ${join(directory, 'made')} exists`,
      'two changed',
    ]);
    expect(existsSync(join(directory, 'never'))).toBe(false);
    expect(programs).toBe(4);
  });

  test('what was seen before tells how far to look, however many changes nobody can foretell', async () => {
    const tasks = `
tasks:
  - { name: place, file: { path: DIR/made, state: directory } }
  - { name: first, command: { cmd: "true", changes: always } }
  - { name: one, copy: { dest: DIR/made/file-one, content: "1" } }
  - { name: second, command: { cmd: "true", changes: always } }
  - { name: two, copy: { dest: DIR/made/file-two, content: "2" } }
  - { name: third, command: { cmd: "true", changes: always } }
  - { name: three, copy: { dest: DIR/made/file-three, content: "3" } }
`;

    const { lines, programs } = await play(host, tasks, { directory });

    expect(lines).toHaveLength(7);
    expect(lines.every((line) => line.endsWith(' changed'))).toBe(true);
    expect(namesIn(['file-one', 'file-two', 'file-three'])).toEqual([
      'file-one',
      'file-one file-two',
      'file-two file-three',
      'file-three',
    ]);
    expect(programs).toBe(5);
  });

  test('what another task makes another answer is asked once, behind that', async () => {
    const tasks = `
tasks:
  - { name: first, command: { cmd: "true", changes: always } }
  - { name: one, copy: { dest: DIR/file-one, content: "1" } }
  - { name: reads, command: { cmd: cat DIR/file-one, changes: never }, register: read }
  - { name: two, copy: { dest: DIR/file-two, content: "2" }, when: read.stdout == '1' }
`;

    const { lines, programs } = await play(host, tasks, { directory });

    expect(lines).toEqual(['first changed', 'one changed', 'reads ok: 1', 'two changed']);
    expect(namesIn(['xp_output'])).toEqual(['', 'xp_output', '']);
    expect(programs).toBe(4);
  });

  test('what cannot be expected to go well is looked at all the same', async () => {
    const tasks = `
tasks:
  - { name: first, command: { cmd: mkdir DIR/made, changes: always } }
  - { name: one, copy: { dest: DIR/made/file-one, content: "1" } }
  - { name: two, copy: { dest: DIR/made/file-two, content: "2" } }
`;

    const { lines, programs } = await play(host, tasks, { directory });

    expect(lines).toEqual(['first changed', 'one changed', 'two changed']);
    expect(namesIn(['file-one', 'file-two'])).toEqual(['file-one file-two', 'file-one file-two']);
    expect(programs).toBe(3);
  });
});
