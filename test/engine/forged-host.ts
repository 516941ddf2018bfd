import { PassThrough, Writable } from 'node:stream';
import type { Connection, Exec, Outcome } from '../../src/connection/transport.ts';

/** What a forged host is given to lie with. */
export interface Session {
  /** Of the run: it is in the first program, so whoever has that can use it. */
  readonly nonce: string;
  /** The whole program that came last. */
  readonly program: string;
  /** How many programs came before it. */
  readonly count: number;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  /** The right look of a host that has nothing: no files, no tools. */
  answerLook(): void;
  /** `begin` and `end` of one section. */
  section(id: string, body?: string, status?: number): string;
  readonly end: (outcome: Outcome) => void;
}

/** A connection to a host that answers each program with whatever `answer` makes of it. */
export function forgedHost(answer: (session: Session) => void): () => Promise<Connection> {
  return async () => ({ exec: async () => forgedExec(answer), close: async () => {} });
}

function forgedExec(answer: (session: Session) => void): Exec {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let end: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((resolve) => {
    end = resolve;
  });
  let count = 0;
  let nonce = '';
  const stdin = new Writable({
    decodeStrings: false,
    write(program: string, _encoding, done) {
      nonce = /xp_setup '(\w+)'/.exec(program)?.[1] ?? nonce;
      const section = (id: string, body = '', status = 0) =>
        `\n@${nonce} begin ${id}\n${body}\n@${nonce} end ${id} ${status}\n`;
      const answerLook = () => {
        const paths = /^xp_files ('.*)/m.exec(program)?.[1]?.split(' ') ?? [];
        const tools = /^xp_collect tools xp_tools ('.*)/m.exec(program)?.[1]?.split(' ') ?? [];
        const parts = [
          ...(paths.length > 0 ? [section('files', 'absent\n'.repeat(paths.length))] : []),
          ...(tools.length > 0 ? [section('tools', 'no\n'.repeat(tools.length))] : []),
        ];
        stdout.write(`${parts.join('')}\n@${nonce} done ${parts.length}\n`);
      };
      answer({ nonce, program, count, stdout, stderr, answerLook, section, end });
      count += 1;
      done();
    },
  });
  return { stdin, stdout, stderr, outcome };
}
