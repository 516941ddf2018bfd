import { afterEach, describe, expect, test, vi } from 'vitest';
import { CommandResults } from '../../src/cli/command-results.ts';
import type { HostStatus } from '../../src/engine/events.ts';

interface Said {
  readonly status?: HostStatus;
  readonly message?: string;
  readonly error?: string;
}

/** What is printed of a command that hosts ended so. */
async function shown(
  form: 'text' | 'json',
  hosts: Readonly<Record<string, Said>>,
): Promise<{ readonly out: string; readonly err: string }> {
  const texts = { out: '', err: '' };
  const keep = (stream: 'out' | 'err') => (text: string | Uint8Array) => {
    texts[stream] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(keep('err'));
  const results = new CommandResults(['ls', '-l'], form);
  for (const [host, { status = 'changed', message = '', error }] of Object.entries(hosts)) {
    if (error === undefined) {
      results.emit({
        ...{ event: 'task', host, play: 'run', task: 'command', step: 'command' },
        ...{ changes: [], pending: [], message },
        status: status === 'changed' ? 'changed' : 'failed',
      });
    }
    results.emit({
      ...{ event: 'host_end', host, kind: 'host', status, seconds: 1 },
      error: error === undefined ? null : { message: error, hint: 'look' },
    });
  }
  results.emit({ event: 'run_end', seconds: 1, exit: 1, interrupted: false });
  await results.close();
  vi.restoreAllMocks();
  return texts;
}

afterEach(() => void vi.restoreAllMocks());

describe('CommandResults', () => {
  test('tells what is the same once, what most hosts say first', async () => {
    const failed = { status: 'failed', message: 'ls -l: exit status 2\nno such\nfile' } as const;
    const { out, err } = await shown('text', {
      web1: { message: 'one' },
      web2: { message: 'two\n\nlines' },
      web3: { message: 'two\n\nlines' },
      web4: { message: 'two\n\nlines' },
      db1: failed,
      db2: failed,
      gone: { status: 'unreachable', error: 'no answer' },
      quiet: {},
    });

    expect(out).toBe(`on 3 hosts: web[2:4]:
  two

  lines
on 2 hosts: db1, db2: exit status 2
  no such
  file
on web1:
  one
on quiet:
`);
    expect(err).toBe('on gone: unreachable: no answer\n  hint: look\n');
  });

  test('nothing that a host says moves the cursor or counterfeits another host', async () => {
    const { out } = await shown('text', { a: { message: '\x1b[2Jx\non b:\n  fine' } });

    expect(out).toBe('on a:\n  \\x1b[2Jx\n  on b:\n    fine\n');
  });

  test('an output that looks like a failure is none', async () => {
    const { out } = await shown('json', { a: { message: 'ls -l: exit status 2\nx' } });

    expect(JSON.parse(out)).toEqual({
      schema: 1,
      exit: 1,
      hosts: {
        a: { status: 'changed', exit: 0, output: 'ls -l: exit status 2\nx', error: null },
      },
    });
  });
});
