import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { raise } from '../../src/connection/become.ts';
import { type RaisedCommand, raisedCommand } from '../../src/connection/become-command.ts';
import { BecomeDialogue } from '../../src/connection/become-dialogue.ts';
import type { Become, Exec, Outcome } from '../../src/connection/transport.ts';
import { never } from './sshd.ts';

const secret = 'hunter2hunter2';
const become: Become = { method: 'su', user: 'root', password: { reveal: () => secret } };

/** What a host may say, in any order and number, whatever sense that makes. */
const sayings = {
  noise: () => 'Welcome!\nPassword: \n',
  began: ({ began }: RaisedCommand) => `${began}\n`,
  prompt: ({ prompt }: RaisedCommand) => `${prompt} `,
  lecture: () => 'We trust you have received the usual lecture.\n',
  raised: ({ raised }: RaisedCommand) => `${raised}\n`,
} as const;

const saying = fc.record({
  from: fc.constantFrom('stdout', 'stderr'),
  what: fc.constantFrom(...(Object.keys(sayings) as (keyof typeof sayings)[])),
});

/** Sizes of the pieces that a text comes in, over and over. */
const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

function* cut(text: string, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    yield Buffer.from(text.slice(at, at + size));
    at += size;
  }
}

function fakeExec() {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let settle = (_outcome: Outcome) => {};
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  let written = '';
  stdin.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const exec: Exec = { stdin, stdout, stderr, outcome };
  return { exec, stdout, stderr, written: () => written, settle: (end: Outcome) => settle(end) };
}

describe('raise', () => {
  test('whatever is said in whatever pieces: one password at most, only after its question, and no program before the shell', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(saying, { maxLength: 8 }), pieces, async (said, sizes) => {
        const words = raisedCommand('exec /bin/sh -s', become);
        const host = fakeExec();
        let ended: 'raised' | 'refused' | null = null;
        const raising = raise(host.exec, {
          ...{ become, words, loginUser: 'ops', label: 'xen1', signal: never },
          answerTimeoutMs: 60_000,
          takeTurn: async () => ({ end: () => {} }),
        }).then(
          () => {
            ended = 'raised';
          },
          () => {
            ended = 'refused';
          },
        );
        const heard = { stdout: '', stderr: '' };
        let wasAsked = false;
        for (const { from, what } of said) {
          for (const chunk of cut(sayings[what](words), sizes)) {
            if (ended !== null) break;
            heard[from] += chunk.toString();
            host[from].write(chunk);
            await turn();
            await turn();
            const asked = [heard.stdout, heard.stderr].some((text) =>
              text.split(`${words.began}\n`).slice(1).join('').includes(words.prompt),
            );
            wasAsked ||= asked;
            if (!wasAsked) expect(host.written()).toBe('');
            expect(['', `${secret}\n`]).toContain(host.written());
            if (ended === 'raised') expect(heard.stdout).toContain(`${words.raised}\n`);
          }
        }
        const isRaised = heard.stdout.includes(`${words.raised}\n`);
        if (ended === null) expect(isRaised).toBe(false);
        host.stdout.end();
        host.stderr.end();
        host.settle({ kind: 'exit', code: 1 });
        await raising;
        expect(['', `${secret}\n`]).toContain(host.written());
      }),
    );
  });

  test('what the raised shell says behind its first line is for whoever asked it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300 }), pieces, async (answer, sizes) => {
        const words = raisedCommand('exec /bin/sh -s', become);
        const host = fakeExec();
        const raising = raise(host.exec, {
          ...{ become, words, loginUser: 'ops', label: 'xen1', signal: never },
          answerTimeoutMs: 60_000,
          takeTurn: async () => null,
        });
        for (const chunk of cut(`hello\n${words.began}\n${words.raised}\n`, sizes)) {
          host.stdout.write(chunk);
        }
        host.stdout.end(answer);
        const exec = await raising;
        const said: Buffer[] = [];
        for await (const chunk of exec.stdout) said.push(chunk);
        expect(Buffer.concat(said).toString()).toBe(answer);
      }),
    );
  });
});

describe('a host that does not go on', () => {
  const refusalOf = async (
    said: (words: RaisedCommand) => string,
    more: Partial<Become> = {},
    ends: Outcome | null = null,
  ) => {
    const words = raisedCommand('exec /bin/sh -s', { ...become, ...more });
    const host = fakeExec();
    host.stdout.write(`${words.began}\n`);
    host.stderr.write(`${words.began}\n${said(words)}`);
    if (ends !== null) host.settle(ends);
    const error: unknown = await raise(host.exec, {
      ...{ become: { ...become, ...more }, words, loginUser: 'ops', label: 'xen1', signal: never },
      answerTimeoutMs: 50,
      takeTurn: async () => ({ end: () => {} }),
    }).catch((reason: unknown) => reason);
    return { error, written: host.written() };
  };

  test('since it asks for something else says what that is, and is told nothing', async () => {
    const { error, written } = await refusalOf(() => 'Verification code: ', { method: 'sudo' });
    expect(error).toMatchObject({
      reason: 'timeout',
      message: 'sudo said "Verification code:" in 0.1 s, and gives no shell',
    });
    expect(written).toBe('');
  });

  test('is sent no password that nobody could type', async () => {
    const password = { reveal: () => `${secret}\nid` };
    const { error, written } = await refusalOf(({ prompt }) => prompt, { password });
    expect(error).toMatchObject({ reason: 'become', message: expect.stringMatching(/line feed/) });
    expect(written).toBe('');
  });

  // sudo 1.8 and 1.9, sudo-rs, shadow's su, opendoas; what these tests cannot have as it is
  test.each([
    ['sudo', 'sudo: Account or password is expired, reset your password and try again', /expired/],
    ['sudo', 'sudo: account validation failure, is your account locked?', /expired/],
    ['sudo', 'sudo: Account expired or PAM config lacks an "account" section for sudo', /expired/],
    ['sudo', 'sudo: interactive authentication is required', /asks for a password/],
    ['sudo', "I'm sorry ops. I'm afraid I can't do that", /does not let ops/],
    ['sudo', 'Sorry, user ops may not run sudo on xen1.', /does not let ops/],
    ['sudo', 'sudo: effective uid is not 0, is /usr/bin/sudo on a file system', /cannot give/],
    ['sudo', 'sudo: The "no new privileges" flag is set', /cannot give rights/],
    ['sudo', '/etc/sudoers:3:1: syntax error', /cannot read its sudoers/],
    ['su', 'su: must be run from a terminal', /on a terminal only/],
    ['su', 'su: Permission denied', /su does not let ops become root/],
    ['doas', 'doas: doas is not enabled, /etc/doas.conf: No such file or directory', /no rules/],
    ['doas', 'doas: syntax error at line 2', /no rules that it can use/],
    [
      'su',
      'su: broken in a new way',
      /^su gives no shell of root \(status 1\); it said: su: broken/,
    ],
  ] as const)('%s: %s', async (method, said, message) => {
    const { error } = await refusalOf(() => `${said}\n`, { method }, { kind: 'exit', code: 1 });
    expect(error).toMatchObject({ reason: 'become', message: expect.stringMatching(message) });
  });
});

describe('BecomeDialogue', () => {
  test('who says more than anyone has to say is not listened to', () => {
    const dialogue = new BecomeDialogue(raisedCommand('true', become));
    const chunk = Buffer.alloc(512 * 1024, 'x');
    expect(dialogue.hear('stderr', chunk).kind).toBe('wait');
    expect(dialogue.hear('stdout', chunk).kind).toBe('wait');
    expect(dialogue.hear('stderr', Buffer.from('x')).kind).toBe('flooded');
  });
});

describe('raisedCommand', () => {
  test('a shell that repeats its command line says none of the words', () => {
    for (const method of ['sudo', 'doas', 'su'] as const) {
      const { command, began, missing, raised, prompt } = raisedCommand('exec /bin/sh -s', {
        ...become,
        method,
      });
      for (const word of [began, missing, raised]) expect(command).not.toContain(word);
      if (method === 'sudo') expect(command).not.toContain(prompt);
      expect(command).not.toContain(secret);
    }
  });
});
