import { afterEach, describe, expect, test, vi } from 'vitest';
import { ExplainedRun } from '../../src/cli/explained-run.ts';

afterEach(() => void vi.restoreAllMocks());

describe('ExplainedRun', () => {
  test('tells hosts that are alike together, and those that were not reached', async () => {
    let out = '';
    let err = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += String(text);
      return true;
    });
    const run = new ExplainedRun(false);
    const ends = 'the result of "ask" is needed by "use"';
    for (const host of ['web1', 'web2', 'web3']) {
      run.explain(host, [
        { kind: 'act', tasks: ['one', 'ask'], isSure: true, ends },
        { kind: 'window', tasks: ['use'], isSure: false, ends: null },
      ]);
    }
    run.explain('db', [{ kind: 'look', tasks: ['one\x1b[2J'], isSure: true, ends: null }]);
    run.emit({
      ...{ event: 'host_end', host: 'gone', kind: 'host', status: 'unreachable', seconds: 1 },
      error: { message: 'no answer', hint: null },
    });
    await run.close();
    vi.restoreAllMocks();

    expect(out).toBe(`web[1:3]: 2 segments
  1. changes: one, ask
     ends, as the result of "ask" is needed by "use"
  2. confirm window, as things stand: use

db: nothing to do
  1. nothing to do: one\\x1b[2J
`);
    expect(err).toBe('gone: unreachable: no answer\n');
  });
});
