import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { LocalFleet, playOnFleet } from '../conformance/play-on-fleet.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: 'hosts: { here: { address: 127.0.0.1 }, there: { address: 127.0.0.2 } }\n',
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-foretold-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function play(text: string, check: boolean): Promise<readonly string[]> {
  const file = join(directory, 'site.yaml');
  writeFileSync(file, text.replaceAll('DIR', directory));
  const options = { check, extraVars: {}, tags: [], skipTags: [] };
  const { ended } = await playOnFleet(file, inventory, new LocalFleet(), options);
  return ended.map(({ host, task, status }) => `${host} ${task} ${status}`).toSorted();
}

describe('a check foresees what an apply does', () => {
  test.each([
    [
      'behind what one host does for all',
      `
- hosts: all
  tasks:
    - { name: a, copy: { dest: "DIR/{{ inventory_hostname }}", content: x } }
    - { name: b, debug: { msg: x }, run_once: true }
    - { name: c, lineinfile: { path: "DIR/{{ inventory_hostname }}", line: y } }
    - { name: d, copy: { dest: "DIR/{{ inventory_hostname }}", content: "x\\ny\\n" } }
`,
    ],
    [
      'on a host that does it for another one',
      `
- hosts: here
  tasks:
    - { name: a, file: { path: DIR/new, state: directory }, delegate_to: there }
    - { name: b, debug: { msg: x } }
    - { name: c, copy: { dest: DIR/new/x, content: y }, delegate_to: there }
    - { name: d, file: { path: DIR/new/x, state: file }, delegate_to: there }
`,
    ],
    [
      'in a play that a run has made the hosts of',
      `
- hosts: here
  tasks:
    - { name: a, copy: { dest: DIR/x, content: x } }
    - { name: b, group_by: { key: some } }
- hosts: some
  tasks:
    - { name: c, lineinfile: { path: DIR/x, line: y } }
`,
    ],
  ])('%s', async (_, text) => {
    const checked = await play(text, true);
    expect(checked).toEqual(await play(text, false));
    expect(checked.join()).not.toContain('failed');
  });

  test.each([
    [
      'a text it looked at is another one by then',
      `
- hosts: here
  tasks:
    - { name: a, copy: { dest: DIR/x, content: x } }
    - { name: b, debug: { msg: x }, run_once: true }
    - { name: c, file: { path: DIR/x, state: absent } }
`,
    ],
    [
      'a command did it in an earlier leg',
      `
- hosts: here
  tasks:
    - { name: a, command: { argv: [touch, DIR/x], changes: always } }
    - { name: b, debug: { msg: x }, run_once: true }
    - { name: c, file: { path: DIR/x, state: file, mode: "0600" } }
`,
    ],
  ])('what it cannot foresee is unknown, and not failed: %s', async (_, text) => {
    expect((await play(text, true)).at(-1)).toBe('here c unknown');
    expect((await play(text, false)).at(-1)).toBe('here c changed');
  });
});
