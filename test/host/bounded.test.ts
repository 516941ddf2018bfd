import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const busybox = execFileSync('sh', ['-c', 'command -v busybox || true'], { encoding: 'utf8' });
const folder = mkdtempSync(join(tmpdir(), 'xpush-bounded-'));
afterAll(() => rmSync(folder, { recursive: true }));
const runtime = join(import.meta.dirname, '../../src/host/runtime/lock.sh');

describe('xp_bounded', () => {
  test.skipIf(busybox === '')(
    'of busybox leaves nothing that keeps what is read to its end from ending',
    () => {
      for (const tool of ['timeout', 'true', 'sleep']) {
        symlinkSync(busybox.trim(), join(folder, tool));
      }
      const script = `. ${runtime}; for n in 1 2 3; do x=$(xp_bounded 5 true 9>&1 >/dev/null); done`;
      const started = performance.now();

      execFileSync(busybox.trim(), ['ash', '-c', script], { env: { PATH: folder } });

      // each of them would take a second
      expect(performance.now() - started).toBeLessThan(1_500);
    },
  );
});
