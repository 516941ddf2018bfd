import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { collectRarely, sendsLargeFiles } from '../../src/cli/large-files.ts';
import { tuneV8 } from '../../src/cli/load-program.ts';
import { planHosts } from '../../src/engine/plays.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';

const room = mkdtempSync(join(tmpdir(), 'xpush-large-'));
afterAll(() => rmSync(room, { recursive: true }));
const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });

describe('sendsLargeFiles', () => {
  test.each([
    ['no file', '{ content: x, dest: /a }', false],
    ['a small file', '{ src: small, dest: /a }', false],
    ['a large file', '{ src: large, dest: /a }', true],
    ['a directory that has one', '{ src: ., dest: /a }', true],
  ])('tells of %s', (_, task, isLarge) => {
    writeFileSync(join(room, 'small'), 'x');
    writeFileSync(join(room, 'large'), Buffer.alloc(300_000));
    const book = join(room, 'site.yaml');
    writeFileSync(
      book,
      `- hosts: all\n  tasks:\n    - command: { changes: never, argv: [id] }\n    - copy: ${task}\n`,
    );
    const { plays } = loadPlaybooks([book]).reduce((_all, one) => one);

    expect(sendsLargeFiles(planHosts(plays, inventory, null))).toBe(isLarge);
  });
});

describe('collectRarely', () => {
  /** Collections of all garbage while 200 MB are made into packets, in a process of many objects. */
  function collections(before: string): number {
    const script = `
      const { PerformanceObserver } = require('node:perf_hooks');
      ${tuneV8.toString()}
      ${collectRarely.toString()}
      tuneV8();
      ${before}
      const kept = Array.from({ length: 200_000 }, (_, index) => ({ index, name: 'n' + index }));
      let count = 0;
      const { NODE_PERFORMANCE_GC_MAJOR: major } = require('node:perf_hooks').constants;
      new PerformanceObserver((list) => {
        count += list.getEntries().filter(({ detail }) => detail.kind === major).length;
      }).observe({ entryTypes: ['gc'] });
      let left = 6_400;
      const send = () => {
        for (let batch = 8; batch > 0; batch -= 1) Buffer.allocUnsafe(32_768).fill(1);
        left -= 8;
        if (left > 0) setImmediate(send);
        else setImmediate(() => console.log(count, kept.length));
      };
      send();`;
    const said = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    return Number(said.split(' ')[0]);
  }

  test.runIf(process.version.startsWith('v20.'))(
    'spares a run that sends much most collections of all that it holds',
    () => {
      const [often, rarely] = [collections(''), collections('collectRarely();')];

      expect(often).toBeGreaterThan(3);
      expect(rarely).toBeLessThan(often / 2);
    },
  );
});
