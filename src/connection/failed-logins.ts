import type { ConnectionError } from './transport.ts';

/** A host that let us in before is asked again: what checks logins may be coming up again itself. */
const mostAfterSuccess = 3;

/** Accounts get locked by as few as three wrong passwords (faillock(8)). */
const mostPasswordsAfterSuccess = 2;

/** What tells one login from another. */
interface LoginTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The way, as plain data. */
  readonly via: unknown;
  /** What is offered, as plain data. */
  readonly identities: unknown;
}

interface Logins {
  hasSucceeded: boolean;
  readonly failures: ConnectionError[];
  passwords: number;
}

/**
 * The logins that hosts of this run have refused. A host is not asked again what it has answered: the
 * keys are the same for the whole run, and programs such as fail2ban lock out who is refused often.
 */
export class FailedLogins {
  readonly #logins = new Map<string, Logins>();

  /** Why nothing is to be sent to this host any more; null when it may be asked. */
  refusal(target: LoginTarget): ConnectionError | null {
    const { failures, hasSucceeded, passwords } = this.#of(target);
    const isEnough =
      failures.length >= (hasSucceeded ? mostAfterSuccess : 1) ||
      passwords >= mostPasswordsAfterSuccess;
    return isEnough ? (failures.at(-1) ?? null) : null;
  }

  /** A login was refused: `error` says with which keys, `isPassword` whether a password was. */
  failed(target: LoginTarget, error: ConnectionError, isPassword = false): void {
    const logins = this.#of(target);
    logins.failures.push(error);
    if (isPassword) logins.passwords += 1;
  }

  succeeded(target: LoginTarget): void {
    const logins = this.#of(target);
    logins.hasSucceeded = true;
    logins.failures.splice(0);
    logins.passwords = 0;
  }

  #of(target: LoginTarget): Logins {
    const { host, port, user, via, identities } = target;
    const id = JSON.stringify([host, port, user, via, identities]);
    const logins = this.#logins.get(id) ?? { hasSucceeded: false, failures: [], passwords: 0 };
    this.#logins.set(id, logins);
    return logins;
  }
}
