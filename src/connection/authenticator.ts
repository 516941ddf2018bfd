import type { AnyAuthMethod } from 'ssh2';
import type { FirstKey } from './first-flight.ts';
import type { ConnectionError } from './transport.ts';

/** What an authenticator can do with the handshake that asks it. */
export interface LoginContext {
  /** Stops the clock of the phase while something here is waited for, not the host; gives what goes on. */
  pause(): () => void;
  /** Gives up, when the server asks for something that nobody here can give. */
  refuse(error: ConnectionError): void;
}

/** Chooses what to authenticate with. */
export interface Authenticator {
  /**
   * What `next` would try first, if that is a key whose signature may be sent before the server was
   * asked about the key; it counts as tried. null: there is no such key, and `next` comes first.
   */
  first?(pause: () => () => void): FirstKey | null;
  /**
   * The next thing to try; null when there is none. `allowed` is null at the first call; `isPartial`
   * says that what was tried before is right but not enough.
   */
  next(
    allowed: readonly string[] | null,
    isPartial: boolean,
    context: LoginContext,
  ): AnyAuthMethod | null | Promise<AnyAuthMethod | null>;
  /** Why a server does not let in a user whose password has expired. */
  passwordExpired(): ConnectionError;
  /** The login is over, one way or the other. */
  ended(isIn: boolean): void;
  /** What went wrong with a key, such as an agent that refused to sign. */
  note(problem: string): void;
  /** Why nothing worked. */
  failure(): ConnectionError;
}
