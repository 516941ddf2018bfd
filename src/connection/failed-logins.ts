import type { Target } from './target.ts';
import type { ConnectionError } from './transport.ts';

/** A host that let us in before is asked again: what checks logins may be coming up again itself. */
const mostAfterSuccess = 3;

interface Logins {
  hasSucceeded: boolean;
  readonly failures: ConnectionError[];
}

/**
 * The logins that hosts of this run have refused. A host is not asked again what it has answered: the
 * keys are the same for the whole run, and programs such as fail2ban lock out who is refused often.
 */
export class FailedLogins {
  readonly #logins = new Map<string, Logins>();

  /** Why nothing is to be sent to this host any more; null when it may be asked. */
  refusal(target: Target): ConnectionError | null {
    const { failures, hasSucceeded } = this.#of(target);
    return failures.length >= (hasSucceeded ? mostAfterSuccess : 1)
      ? (failures.at(-1) ?? null)
      : null;
  }

  /** A login was refused: `error` says with which keys. */
  failed(target: Target, error: ConnectionError): void {
    this.#of(target).failures.push(error);
  }

  succeeded(target: Target): void {
    const logins = this.#of(target);
    logins.hasSucceeded = true;
    logins.failures.splice(0);
  }

  #of(target: Target): Logins {
    const { host, port, user, via, identities } = target;
    const id = JSON.stringify([host, port, user, via, identities]);
    const logins = this.#logins.get(id) ?? { hasSucceeded: false, failures: [] };
    this.#logins.set(id, logins);
    return logins;
  }
}
