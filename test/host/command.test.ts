import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CallCommand, change } from '../../src/host/change.ts';
import { until } from '../until.ts';
import { describeWaitingShells, isRoot, RunningShell, temporaryDirectory } from './shells.ts';

const directory = temporaryDirectory();
const at = (name: string) => join(directory, name);

const call = (line: string, options: Partial<CallCommand> = {}) =>
  change.call(['/bin/sh', '-c', line], {
    ...{ effect: 'live', subject: 'service a', before: 'stopped', after: 'running' },
    ...{ predicts: [], isBrief: true },
    ...options,
  });

const shell = (line: string) => change.command(['/bin/sh', '-c', line], null);
describeWaitingShells('xp_command', (each) => {
  test('gives status, output and errors', async () => {
    await using running = new RunningShell(each);

    for (const status of [0, 1, 2, 75, 126, 255]) {
      const [result] = await running.act(shell(`echo out; echo err >&2; exit ${status}`));
      expect(result).toEqual({ status, body: 'out\n', errors: 'err' });
    }
  });

  test('gives what the shell says of a signal, and of no command', async () => {
    await using running = new RunningShell(each);

    expect(await running.act(shell('kill -KILL $$'))).toMatchObject([{ status: 137 }]);
    expect(await running.act(change.command(['/no/such/command'], null))).toMatchObject([
      { status: 127, body: '', errors: expect.stringMatching(/not found|No such file/i) },
    ]);
  });

  // mksh has no way to run none of its own
  test.skipIf(each.name === 'mksh')(
    'runs no builtin of the shell and no function of ours',
    async () => {
      await using running = new RunningShell(each);

      for (const word of ['exit', 'xp_done']) {
        expect(await running.act(change.command([word, '7'], null))).toMatchObject([
          { status: 127 },
        ]);
      }
    },
  );

  test('runs it in its directory, with an empty input and words as they are', async () => {
    await using running = new RunningShell(each);
    const words = ['-e', '$(id)', "it's", 'a\nb', '*', '', 'é', '\\n'];

    const [inside] = await running.act(change.command(['pwd'], directory));
    const [input] = await running.act(change.command(['cat'], null));
    const [argv] = await running.act(change.command(['printf', '[%s]', ...words], directory));
    const [missing] = await running.act(change.command(['pwd'], at('no such')));

    expect(inside).toMatchObject({ status: 0, body: `${directory}\n` });
    expect(input).toMatchObject({ status: 0, body: '' });
    expect(Buffer.from(argv?.body ?? '', 'latin1').toString()).toBe(
      words.map((word) => `[${word}]`).join(''),
    );
    expect(missing).toMatchObject({
      status: 1,
      errors: `the directory ${at('no such')} does not exist`,
    });
  });

  test('gives a text or a secret on standard input, byte for byte', async () => {
    await using running = new RunningShell(each);

    for (const stdin of [
      'plain',
      "it's $(id) `id` \\n %s -n\n",
      'é\r\n\u{1f511}',
      '',
      'x'.repeat(60_000),
    ]) {
      const [given] = await running.act(change.command(['sha256sum'], null, { stdin }));
      const [kept] = await running.act(
        change.command(['sha256sum'], null, { stdin: { reveal: () => stdin } }),
      );

      const sum = execFileSync('sha256sum', { input: stdin }).toString();
      expect(given).toMatchObject({ status: 0, body: sum });
      expect(kept).toMatchObject({ status: 0, body: sum });
    }
  });

  test('does not mind a command that reads none of its input', async () => {
    await using running = new RunningShell(each);

    const results = await running.act(
      change.command(['/bin/sh', '-c', 'exit 3'], null, { stdin: 'x'.repeat(60_000) }),
    );

    expect(results).toMatchObject([{ status: 3, body: '' }]);
  });

  test('shows what is on standard input to no other process', async () => {
    await using running = new RunningShell(each);
    const canary = 'canary-9c1f';
    const look =
      'for one in /proc/[0-9]*; do cat $one/cmdline $one/environ 2>/dev/null; done | tr "\\0" "\\n"' +
      `; export -p; set; ls -l /proc/self/fd`;

    for (const stdin of [canary, `${canary} é`]) {
      const [seen] = await running.act(
        change.command(['/bin/sh', '-c', look], null, { stdin: { reveal: () => stdin } }),
      );

      expect(seen?.status).toBe(0);
      expect(seen?.body).not.toContain(canary);
      expect(seen?.body).not.toContain(Buffer.from(canary).toString('base64').slice(0, -2));
    }
  });

  test('caps the output at 64 KiB and lets the command finish', async () => {
    await using running = new RunningShell(each);
    const finished = at(`finished ${each.name}`);

    const [result] = await running.act(
      shell(`yes | head -c 20000000 || exit 9; touch '${finished}'; exit 5`),
    );

    expect(result?.status).toBe(5);
    expect(result?.body === 'y\n'.repeat(32_768)).toBe(true);
    expect(existsSync(finished)).toBe(true);
  });

  test('does not wait for a process that it leaves behind with the output open', async () => {
    await using running = new RunningShell(each);
    const gate = at(`gate ${each.name}`);

    const [result] = await running.act(
      shell(`echo before; { until [ -e '${gate}' ]; do sleep 0.05; done; echo late; } & exit 4`),
    );
    writeFileSync(gate, '');
    const [next] = await running.act(shell('sleep 0.3; echo next'));

    expect(result).toMatchObject({ status: 4, body: 'before\n' });
    expect(next).toMatchObject({ status: 0, body: 'next\n' });
    await until(() => running.processes().length === 1);
  });

  test('keeps the input open for nobody', async () => {
    await using running = new RunningShell(each);

    const [result] = await running.act(shell('ls -l /proc/$$/fd/; read -r line; echo "<$line>"'));

    expect(result?.body).toMatch(/<>/);
    expect(result?.body.match(/ -> /g)?.length).toBeLessThanOrEqual(4);
  });

  test('gives it the variables that it should have, which nobody else sees', async () => {
    await using running = new RunningShell(each);
    const canary = 'canary-51d7 é\n"$(id)';
    const look =
      'printf "%s|" "$A" "$B"; for one in /proc/[0-9]*; do cat $one/cmdline 2>/dev/null; done | tr "\\0" "\\n" >&2';

    const [seen] = await running.act(
      change.command(['/bin/sh', '-c', look], null, {
        environment: { A: 'plain', B: { reveal: () => canary } },
      }),
    );

    expect(Buffer.from(seen?.body ?? '', 'latin1').toString()).toBe(`plain|${canary}|`);
    expect(seen?.errors).not.toContain('canary-51d7');
  });

  test.runIf(isRoot && !each.isBusybox)('runs it as another user', async () => {
    await using running = new RunningShell(each);

    const [other] = await running.act(
      change.command(['/bin/sh', '-c', 'id -un; umask; cat; echo "$A"'], null, {
        ...{
          user: 'nobody',
          umask: 0o027,
          stdin: 'in\n',
          environment: { A: { reveal: () => 'a' } },
        },
      }),
    );

    expect(other).toEqual({ status: 0, body: 'nobody\n0027\nin\na\n' });
  });

  test('goes on after a status that is fine, and after no other', async () => {
    await using running = new RunningShell(each);
    const fine = (line: string, okStatuses: readonly number[]) =>
      change.command(['/bin/sh', '-c', line], null, { okStatuses });

    const results = await running.act(
      fine('exit 3', [0, 3]),
      fine('echo next', [0, 3]),
      fine('exit 33', [0, 3]),
      fine('echo never', [0]),
    );
    const notFine = await running.act(fine('exit 0', [1]), fine('echo after', [1]));

    expect(results.map(({ status }) => status)).toEqual([3, 0, 33]);
    expect(notFine.map(({ status }) => status)).toEqual([0]);
  });

  test('stops what takes too long, with all that came of it', async () => {
    await using running = new RunningShell(each);
    const slow = (line: string) =>
      change.command(['/bin/sh', '-c', line], null, { timeoutSeconds: 1 });

    const [quick] = await running.act(slow('echo quick'));
    const [late] = await running.act(slow('echo out; echo err >&2; (sleep 77; echo no); echo no'));
    const [stubborn] = await running.act(
      slow("trap '' TERM; echo on; while :; do sleep 0.1; done"),
    );
    const [next] = await running.act(slow('echo next'));

    expect(quick).toEqual({ status: 0, body: 'quick\n' });
    expect(late).toMatchObject({ body: 'out\n', errors: 'err', isLate: true });
    expect(late?.status).not.toBe(0);
    expect(stubborn).toMatchObject({ body: 'on\n', isLate: true });
    expect(next).toEqual({ status: 0, body: 'next\n' });
    await until(() => running.processes().length === 1);
  });

  test('is told of as a call of ours, too', async () => {
    await using running = new RunningShell(each);

    const [called] = await running.act(call('echo out; echo err >&2; exit 4', { isBrief: false }));

    expect(called).toEqual({ status: 4, body: 'out\n', errors: 'err' });
  });
});

describeWaitingShells('xp_brief', (each) => {
  test('gives status, output and errors, and goes on after what is fine', async () => {
    await using running = new RunningShell(each);

    const results = await running.act(
      call('echo out; echo err >&2; exit 3', { okStatuses: [3] }),
      call('cat; printf "%s|" "$A"; kill -KILL $$', {
        ...{ stdin: { reveal: () => "it's é\n" }, environment: { A: '$(id)' } },
        okStatuses: [137],
      }),
      call('exit 4'),
      call('echo never'),
    );

    expect(results).toMatchObject([
      { status: 3, body: 'out\n', errors: 'err' },
      { status: 137, body: Buffer.from("it's é\n$(id)|").toString('latin1') },
      { status: 4, body: '' },
    ]);
    expect(results.length).toBe(3);
    await until(() => running.processes().length === 1);
  });

  test('stops what takes too long, with all that came of it', async () => {
    await using running = new RunningShell(each);
    const slow = { timeoutSeconds: 1, okStatuses: Array.from({ length: 256 }, (_, one) => one) };

    const [late, stubborn, next] = await running.act(
      call('echo out; echo err >&2; (sleep 77; echo no); echo no', slow),
      call("trap '' TERM; echo on; while :; do sleep 0.1; done", slow),
      call('echo next', slow),
    );

    expect(late).toMatchObject({ body: 'out\n', errors: 'err', isLate: true });
    expect(late?.status).not.toBe(0);
    expect(stubborn).toMatchObject({ body: 'on\n', isLate: true });
    expect(next).toEqual({ status: 0, body: 'next\n' });
    await until(() => running.processes().length === 1);
  });
});
