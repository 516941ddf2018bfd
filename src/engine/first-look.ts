import { randomBytes } from 'node:crypto';
import type { FirstExec } from '../connection/transport.ts';
import { compileLook } from '../host/look-program.ts';
import { nothingKnown, type Program } from '../host/program.ts';
import { type Query, queryKey } from '../host/query.ts';

/** What a shell is asked first, known before there is a connection, so that it can travel with the login. */
export class FirstLook {
  /** Of the shell, for as long as it lives. */
  readonly nonce = randomBytes(16).toString('hex');
  /** null: nothing is asked yet. */
  readonly program: Program | null;
  readonly #queries: readonly Query[];

  constructor(queries: readonly Query[]) {
    this.program = queries.length === 0 ? null : compileLook(queries, this.nonce, nothingKnown);
    this.#queries = queries;
  }

  /** A look cannot change the host: it may arrive before the login is decided. */
  get exec(): FirstExec {
    return { command: 'exec /bin/sh -s', input: this.program?.text ?? '' };
  }

  /** Whether it is these that were asked. */
  isOf(queries: readonly Query[]): boolean {
    if (queries === this.#queries) return true;
    const others = this.#queries;
    return (
      queries.length === others.length &&
      queries.every((asked, index) => {
        const other = others[index];
        return other !== undefined && queryKey(asked) === queryKey(other);
      })
    );
  }
}
