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
