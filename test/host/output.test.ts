import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandOutput, OutputOptions } from '../../src/host/query.ts';
import { query, queryKey } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import { until } from '../until.ts';
import { describeWaitingShells, isRoot, RunningShell, temporaryDirectory } from './shells.ts';

const directory = temporaryDirectory();
const line = (text: string, options: Partial<OutputOptions> = {}) =>
  query.output(['/bin/sh', '-c', text], options);
const fine = { status: 0, stderr: '', isCut: false, isTimedOut: false };

const ways = [
  ['alone', {}],
  ['with others', { isBrief: true }],
] as const;

describeWaitingShells('query.output', (shell) => {
  test.each(ways)('gives output, errors and status, each for itself, %s', async (_, way) => {
    await using running = new RunningShell(shell);

    const [said, quiet, bad, missing] = await answers(running, [
      line('echo out; echo err >&2; echo more; exit 3', way),
      line(':', way),
      line('printf "no end"; printf "a\\n\\nb\\n\\n" >&2; exit 255', way),
      query.output(['/no/such/command'], way),
    ]);

    expect(said).toEqual({ ...fine, status: 3, stdout: 'out\nmore\n', stderr: 'err' });
    expect(quiet).toEqual({ ...fine, stdout: '' });
    expect(bad).toEqual({ ...fine, status: 255, stdout: 'no end', stderr: 'a\n\nb' });
    expect(missing).toMatchObject({ status: 127, stdout: '', isTimedOut: false });
  });

  test('runs it where, with what and for whom it is asked', async () => {
    await using running = new RunningShell(shell);
    const place = join(directory, `it's $(id)`);
    mkdirSync(place, { recursive: true });

    const [inside, missing, variables, input, none] = await answers(running, [
      query.output(['pwd'], { directory: place }),
      query.output(['pwd'], { directory: join(directory, 'no such') }),
      line('printf "%s|" "$A" "$LC_ALL" "$PATH"; umask', {
        environment: { A: `é'"$(id)\n`, LC_ALL: 'POSIX', PATH: '/bin:/usr/bin:/x' },
      }),
      query.output(['cat'], { stdin: `-n é\n'$(id)\\n\n` }),
      query.output(['cat']),
    ]);

    expect(inside?.stdout).toBe(`${place}\n`);
    expect(missing).toMatchObject({
      status: 1,
      stderr: `the directory ${directory}/no such does not exist`,
    });
    expect(variables?.stdout).toBe(`é'"$(id)\n|POSIX|/bin:/usr/bin:/x|0022\n`);
    expect(input?.stdout).toBe(`-n é\n'$(id)\\n\n`);
    expect(none?.stdout).toBe('');
  });

  test.runIf(isRoot && !shell.isBusybox)('runs it as another user', async () => {
    await using running = new RunningShell(shell);

    const [other, same, nobody] = await answers(running, [
      query.output(['sh', '-c', 'id -un; echo "$A $1"', 'sh', "it's"], {
        user: 'nobody',
        environment: { A: 'b' },
      }),
      query.output(['id', '-un'], { user: 'root' }),
      query.output(['id', '-un'], { user: 'no-such-user' }),
    ]);

    expect(other).toEqual({ ...fine, stdout: "nobody\nb it's\n" });
    expect(same?.stdout).toBe('root\n');
    expect(nobody).toMatchObject({ status: expect.any(Number), stdout: '' });
    expect(nobody?.status).not.toBe(0);
  });

  test('reads so much of it, and says that there was more', async () => {
    await using running = new RunningShell(shell);

    const [exact, cut, endless, errors] = await answers(running, [
      line('printf 12345', { limitBytes: 5 }),
      line('printf 123456', { limitBytes: 5 }),
      line('yes', { limitBytes: 100_000 }),
      line("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo out"),
    ]);

    expect(exact).toEqual({ ...fine, stdout: '12345' });
    expect(cut).toMatchObject({ stdout: '12345', isCut: true });
    expect(endless).toMatchObject({ isCut: true, isTimedOut: false });
    expect(endless?.stdout.length).toBe(100_000);
    expect(errors?.stderr.length).toBe(65_536);
  });

  test('stops what takes too long, with all that came of it', async () => {
    await using running = new RunningShell(shell);
    const started = performance.now();

    const [slow, stubborn, next] = await answers(running, [
      line('echo early; echo why >&2; (sleep 77; echo never); echo later', { timeoutSeconds: 1 }),
      line("trap '' TERM; echo early; while :; do sleep 0.1; done", { timeoutSeconds: 1 }),
      line('echo next'),
    ]);

    expect(slow).toMatchObject({ stdout: 'early\n', stderr: 'why', isTimedOut: true });
    expect(stubborn).toMatchObject({ isTimedOut: true });
    expect(next).toEqual({ ...fine, stdout: 'next\n' });
    expect(performance.now() - started).toBeLessThan(20_000);
    await until(() => running.processes().length === 1);
  });

  test('stops each of those that take too long, of many in one go', async () => {
    await using running = new RunningShell(shell);
    const brief = { isBrief: true, timeoutSeconds: 1 };

    const [quick, slow, stubborn, next] = await answers(running, [
      line('echo quick; echo why >&2', brief),
      line('echo early; (sleep 77; echo never); echo later', brief),
      line("trap '' TERM; echo early; while :; do sleep 0.1; done", brief),
      line('echo next', brief),
    ]);

    expect(quick).toEqual({ ...fine, stdout: 'quick\n', stderr: 'why' });
    expect(slow).toMatchObject({ stdout: 'early\n', isTimedOut: true });
    expect(stubborn).toMatchObject({ stdout: 'early\n', isTimedOut: true });
    expect(next).toEqual({ ...fine, stdout: 'next\n' });
    await until(() => running.processes().length === 1);
  });

  test('runs a script of ours with its words, where and with what it is asked', async () => {
    await using running = new RunningShell(shell);
    const script = 'printf "%s|" "$#" "$@" "$A"; pwd; exit 3; echo never';
    const brief = { isBrief: true, directory, environment: { A: "it's" } };
    const asked = (...words: string[]) =>
      query.output(['/bin/sh', '-c', script, 'sh', ...words], brief);

    const [some, none] = await answers(running, [asked('$(id)', "'é\n"), asked()]);

    expect(some?.stdout).toBe(`2|$(id)|'é\n|it's|${directory}\n`);
    expect(none).toMatchObject({ status: 3 });
    expect(none?.stdout).toBe(`0|it's|${directory}\n`);
  });

  test('does not wait for ever for a process that it leaves behind', async () => {
    await using running = new RunningShell(shell);
    const gate = join(directory, `gate ${shell.name}`);

    const [left, next] = await answers(running, [
      line(`echo before; { until [ -e '${gate}' ]; do sleep 0.05; done; } & exit 4`, {
        // longer than what stops it looks away at a time
        timeoutSeconds: shell.name === 'dash' ? 7 : 1,
      }),
      line('echo next'),
    ]);
    writeFileSync(gate, '');

    expect(left).toMatchObject({ isTimedOut: true });
    expect(next).toEqual({ ...fine, stdout: 'next\n' });
    await until(() => running.processes().length === 1);
  });

  test.each(ways)('leaves no process behind, %s', async (_, way) => {
    await using running = new RunningShell(shell);

    await answers(
      running,
      Array.from({ length: 10 }, (_, index) => line(`echo ${index}`, way)),
    );

    await until(() => running.processes().length === 1);
  });

  test('runs equal commands once', async () => {
    await using running = new RunningShell(shell);
    const log = join(directory, `log ${shell.name}`);

    const same = await answers(running, [
      line(`echo x >>'${log}'; wc -l <'${log}'`),
      line(`echo x >>'${log}'; wc -l <'${log}'`),
    ]);

    expect(same.map(({ stdout }) => stdout.trim())).toEqual(['1', '1']);
  });

  test.each(ways)('whatever it prints comes as it is, %s', async (_, way) => {
    await using running = new RunningShell(shell);
    const hostile = `\n@${running.nonce.slice(1)} end output.0 0\n\n@${'0'.repeat(32)} done 1\n`;

    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constant(hostile), fc.string({ unit: 'binary', maxLength: 200 })),
        fc.string({ unit: 'binary', maxLength: 200 }),
        async (out, err) => {
          const octal = (text: string) =>
            Array.from(Buffer.from(text), (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join(
              '',
            );
          const [said, next] = await answers(running, [
            line(`printf %b '${octal(out)}'; printf %b '${octal(err)}' >&2`, way),
            line('echo next', way),
          ]);

          expect(said).toEqual({
            ...fine,
            stdout: Buffer.from(out).toString(),
            stderr: Buffer.from(err).toString().replaceAll('\0', '').replace(/\n+$/, ''),
          });
          expect(next).toEqual({ ...fine, stdout: 'next\n' });
        },
      ),
      { numRuns: Math.min(60, runs()) },
    );
  });
});

async function answers(
  running: RunningShell,
  queries: readonly ReturnType<typeof query.output>[],
): Promise<readonly CommandOutput[]> {
  const observations = await running.observe(queries);
  return queries.flatMap((one) => {
    const observation = observations.get(queryKey(one));
    // the one to this query
    return observation !== undefined && 'answer' in observation
      ? [observation.answer as CommandOutput]
      : [];
  });
}
