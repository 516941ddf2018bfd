import { createHmac, randomBytes } from 'node:crypto';
import type { HiddenText } from './transport.ts';

/** How the use of a password ended; `unknown` when the connection went away before the answer. */
export type PasswordResult = 'accepted' | 'refused' | 'unknown';

/** The right to use a password once. */
export interface PasswordTurn {
  /** To be called once. */
  end(result: PasswordResult): void;
}

/** So many more hosts may refuse a password than have accepted it. */
export const mostRefusals = 2;

/**
 * Keeps a wrong password from locking an account that a whole fleet shares: hosts that it is new to
 * wait for the answers of others, and once it was refused too often it is sent nowhere any more.
 */
export class PasswordTurns {
  readonly #key = randomBytes(32);
  readonly #queues = new Map<string, TurnQueue>();

  /** Waits for a turn to use the password of this user; null when it was refused too often. */
  take(user: string, password: HiddenText): Promise<PasswordTurn | null> {
    const text = JSON.stringify([user, password.reveal()]);
    const id = createHmac('sha256', this.#key).update(text).digest('hex');
    const queue = this.#queues.get(id) ?? new TurnQueue();
    this.#queues.set(id, queue);
    return queue.take();
  }
}

class TurnQueue {
  readonly #waiting: ((turn: PasswordTurn | null) => void)[] = [];
  #accepted = 0;
  #refused = 0;
  #pending = 0;

  take(): Promise<PasswordTurn | null> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#admit();
    });
  }

  #admit(): void {
    const most = this.#accepted + mostRefusals;
    while (this.#waiting.length > 0 && this.#pending + this.#refused < most) {
      this.#pending += 1;
      this.#waiting.shift()?.({ end: (result) => this.#end(result) });
    }
    if (this.#refused < most) return;
    for (const resolve of this.#waiting.splice(0)) resolve(null);
  }

  #end(result: PasswordResult): void {
    this.#pending -= 1;
    if (result === 'accepted') this.#accepted += 1;
    if (result === 'refused') this.#refused += 1;
    this.#admit();
  }
}
