import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('pause', () => {
  test('waits, but not in a check, and changes nothing', async () => {
    const started = performance.now();
    expect((await run('- pause: { seconds: 1 }', { check: true })).lines).toEqual([
      'pause ok: 1 s',
    ]);
    const checked = performance.now();
    expect((await run('- pause: { seconds: 1 }')).lines).toEqual(['pause ok: 1 s']);
    expect(performance.now() - checked).toBeGreaterThan(1_000);
    expect(checked - started).toBeLessThan(performance.now() - checked);
  });

  test('asks nobody in the middle of a run, and says who asks when', async () => {
    await expect(run('- pause: { prompt: "Go on?" }')).rejects.toThrow(
      /nobody is asked in the middle of a run[\s\S]*vars_prompt/,
    );
  });

  test('takes one length', async () => {
    await expect(run('- pause: {}')).rejects.toThrow('exactly one of "seconds" and "minutes"');
  });
});
