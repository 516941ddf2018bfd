import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeShells, hasTool, RunningShell, temporaryDirectory } from './shells.ts';

import { done, write } from './writes.ts';

const canTrace = hasTool('strace');
if (!canTrace) process.stderr.write('skipped: system calls, as strace is missing\n');

describe.runIf(canTrace)('xp_write, traced', () => {
  describeShells('', (shell) => {
    /** System calls of a write of a secret over a readable file, one a line. */
    async function trace(change: (running: RunningShell, path: string) => Promise<void>) {
      const place = temporaryDirectory();
      const log = join(temporaryDirectory(), 'log');
      const path = join(place, 'file');
      writeFileSync(path, 'old\n', { mode: 0o644 });
      {
        const calls =
          'execve,open,openat,creat,mkdir,mkdirat,chmod,fchmod,fchmodat,rename,renameat,renameat2,fsync,fdatasync,unlinkat,unlink,umask';
        await using running = new RunningShell(shell, {
          wrapper: [...'/usr/bin/strace -f -y -s 4096 -e'.split(' '), `trace=${calls}`, '-o', log],
        });
        await change(running, path);
        await running.close();
      }
      const lines = readFileSync(log, 'latin1').split('\n');
      return { path, place, lines: lines.map((line) => line.replace(/^\d+ +/, '')) };
    }

    test('makes the new file durable before the rename, and the directory after', async () => {
      const { path, lines } = await trace(async (running, file) => {
        expect(await write(running, file, 'new\n')).toEqual(done);
      });
      const find = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));

      const content = find(/^fsync\(.*\/\.xpush-[^/]*\/file>/);
      const rename = find(/^rename.*\/\.xpush-[^/]*\/file".*\/file"/);
      const entry = lines.findLastIndex((line) => /^fsync\(/.test(line));

      expect(content).toBeGreaterThan(-1);
      expect(rename).toBeGreaterThan(content);
      expect(entry).toBeGreaterThan(rename);
      expect(path).toContain('/file');
    });

    test('keeps a secret from others at every moment, and from argv', async () => {
      const secret = 'correct horse battery staple';
      const { place, lines } = await trace(async (running, file) => {
        expect(await write(running, file, `${secret}\n`, 0o600)).toEqual(done);
        expect(await write(running, `${file} 2`, `\xff${secret}`, 0o600)).toEqual(done);
      });
      const base64 = Buffer.from(`\xff${secret}`, 'latin1').toString('base64');

      const executed = lines.filter((line) => line.startsWith('execve('));
      const opened = lines.filter((line) => /^(open|creat)/.test(line) && line.includes('O_CREAT'));
      const made = lines.filter((line) => line.startsWith('mkdir') && line.includes(place));

      expect(executed).not.toEqual([]);
      expect(executed.filter((line) => line.includes(secret) || line.includes(base64))).toEqual([]);
      expect(made).toHaveLength(2);
      expect(made.map((line) => maskAt(lines, line) & modeIn(line) & 0o777)).toEqual([
        ...[0o700, 0o700],
      ]);
      expect(opened.filter((line) => line.includes(place) && !line.includes('/.xpush-'))).toEqual(
        [],
      );
    });
  });
});

/** Other processes may have had a word before the call was over. */
const modeIn = (line: string) =>
  Number.parseInt(/, (0\d+)(?:\) += 0| <unfinished \.\.\.>)$/.exec(line)?.[1] ?? '0', 8);

/** What the umask in force at a line of the trace lets through. */
function maskAt(lines: readonly string[], line: string): number {
  const last = lines.slice(0, lines.indexOf(line)).findLast((one) => one.startsWith('umask('));
  return ~Number.parseInt(last?.slice('umask('.length) ?? '0', 8) & 0o7777;
}
