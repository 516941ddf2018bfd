import type { AnyAuthMethod } from 'ssh2';
import type { Authenticator, LoginContext } from './authenticator.ts';
import type { FirstKey } from './first-flight.ts';
import type { Offer, Offers } from './key-offers.ts';
import { isTokenType } from './key-types.ts';
import { type Question, unanswerable } from './keyboard-interactive.ts';
import {
  type LoginStory,
  passwordExpired,
  refusedLogin,
  strangeQuestion,
} from './login-failure.ts';
import type { PasswordTurn, PasswordTurns } from './password.ts';
import type { LoginMethod, Target } from './target.ts';
import { messageOf } from './text.ts';
import type { ConnectionError } from './transport.ts';
import { wideKey } from './wide-key.ts';

/** Said of an RSA key when the server can't verify SHA-2 signatures. */
const sha1Refusal =
  'the server takes only SHA-1 signatures of RSA keys, which needs `legacy_algorithms: true`';

/**
 * One connection's login: the chosen keys, then the password if there is one, in the order of the
 * user's PreferredAuthentications, as far as the server allows each; where the server wants several,
 * one after the other. A password is sent once.
 */
export class Login implements Authenticator {
  readonly #target: Target;
  readonly #offers: Offers;
  readonly #turns: PasswordTurns;
  readonly #notes: string[] = [];
  readonly #passwordMethods: LoginMethod[] = [];
  #keysTried = 0;
  #isKeyTooEarly = false;
  #hasAsked = false;
  #isOver = false;
  #allowed: readonly string[] | null = null;
  #isPartial = false;
  /** While the server has the password and has not answered. */
  #turn: PasswordTurn | null = null;
  #password: LoginStory['password'] = 'unused';

  constructor(target: Target, offers: Offers, turns: PasswordTurns) {
    this.#target = target;
    this.#offers = offers;
    this.#turns = turns;
  }

  /** What was tried, in words; the last of it may have let us in. */
  get tried(): readonly string[] {
    const keys = this.#offers.offers.slice(0, this.#keysTried);
    return [
      ...keys.map(({ words }) => words),
      ...(this.#password === 'held back' ? [] : this.#passwordMethods),
    ];
  }

  /** Whether the server has refused the password itself. */
  get isPasswordRefused(): boolean {
    return this.#password === 'refused';
  }

  /** The first key, for a login without asking first whether the server would take it; null: there is none. */
  first(pause: () => () => void): FirstKey | null {
    const [offer] = this.#offers.offers;
    const isFirst = this.#target.login.methods[0] === 'publickey' && this.#keysTried === 0;
    // nobody is to touch a token for a key that the server may not take
    if (offer === undefined || !isFirst || isTokenType(offer.key.publicKey.type)) return null;
    this.#keysTried = 1;
    return {
      algorithms: offer.algorithms,
      blob: offer.key.publicKey.blob,
      sign: async (data, algorithm) => {
        try {
          return await sign(offer, data, algorithm, pause);
        } catch (error) {
          this.note(messageOf(error));
          return null;
        }
      },
    };
  }

  next(
    allowed: readonly string[] | null,
    isPartial: boolean,
    context: LoginContext,
  ): AnyAuthMethod | null | Promise<AnyAuthMethod | null> {
    this.#answered(isPartial);
    const takesKeys = allowed?.includes('publickey') !== false;
    // keys that were offered too early were not looked at
    if (isPartial && takesKeys && this.#isKeyTooEarly) this.#keysTried = 0;
    this.#isKeyTooEarly = !takesKeys && this.#keysTried > 0 && !isPartial;
    this.#allowed = allowed ?? this.#allowed;
    this.#isPartial ||= isPartial;
    return this.#choose(context);
  }

  note(problem: string): void {
    const text = problem.replace(/^Error signing data with key: /, '');
    if (!this.#notes.includes(text)) this.#notes.push(text);
  }

  passwordExpired(): ConnectionError {
    this.#answered(true);
    return passwordExpired(this.#target);
  }

  failure(): ConnectionError {
    this.#answered(false);
    return refusedLogin(this.#story);
  }

  ended(isIn: boolean): void {
    this.#isOver = true;
    this.#turn?.end(isIn ? 'accepted' : 'unknown');
    this.#turn = null;
  }

  /** The answer to what was tried last; `isGood` when it was right but not enough. */
  #answered(isGood: boolean): void {
    if (this.#turn === null) return;
    this.#turn.end(isGood ? 'accepted' : 'refused');
    this.#turn = null;
    if (!isGood) this.#password = 'refused';
  }

  #choose(context: LoginContext): AnyAuthMethod | null | Promise<AnyAuthMethod | null> {
    for (const method of this.#target.login.methods) {
      if (this.#allowed?.includes(method) === false) continue;
      if (method === 'publickey') {
        const offer = this.#offers.offers[this.#keysTried];
        if (offer !== undefined) return this.#offerKey(offer, context);
      } else if (this.#mayUsePassword(method)) {
        if (this.#allowed === null) break;
        return method === 'password' ? this.#sendPassword(context) : this.#answerQuestions(context);
      }
    }
    return this.#question();
  }

  #mayUsePassword(method: LoginMethod): boolean {
    const { password, login } = this.#target;
    return (
      password !== null &&
      login.passwordPrompts > 0 &&
      this.#password === 'unused' &&
      !this.#passwordMethods.includes(method)
    );
  }

  /** Asks what the server allows, unless it has said so. */
  #question(): AnyAuthMethod | null {
    if (this.#allowed !== null || this.#hasAsked) return null;
    this.#hasAsked = true;
    return { type: 'none', username: this.#target.user };
  }

  #offerKey(offer: Offer, { pause }: LoginContext): AnyAuthMethod {
    this.#keysTried += 1;
    const { type, blob } = offer.key.publicKey;
    // for an RSA key ssh2 chooses one of its algorithms, by what the server takes
    const requested = type === 'ssh-rsa' ? type : (offer.algorithms[0] ?? type);
    const key = wideKey({ type: requested, blob }, (data, algorithm) =>
      sign(offer, data, algorithm, pause),
    );
    return { type: 'publickey', username: this.#target.user, key };
  }

  async #sendPassword(context: LoginContext): Promise<AnyAuthMethod | null> {
    this.#passwordMethods.push('password');
    const password = await this.#takePassword(context);
    if (password === null) return this.#choose(context);
    return { type: 'password', username: this.#target.user, password };
  }

  #answerQuestions(context: LoginContext): AnyAuthMethod {
    this.#passwordMethods.push('keyboard-interactive');
    let isFirst = true;
    return {
      type: 'keyboard-interactive',
      username: this.#target.user,
      prompt: (_name, _instructions, _language, questions, answer) => {
        void this.#answer(questions, isFirst, answer, context);
        isFirst = false;
      },
    };
  }

  async #answer(
    questions: readonly Question[],
    isFirst: boolean,
    answer: (answers: string[]) => void,
    context: LoginContext,
  ): Promise<void> {
    const asked = unanswerable(questions, isFirst);
    if (asked !== null) {
      this.#answered(true);
      context.refuse(strangeQuestion(this.#target, asked, this.#allowed));
      return;
    }
    const password = await this.#takePassword(context);
    if (password !== null) answer([password]);
    else context.refuse(this.failure());
  }

  /** The password once it may be sent; null when it may not, or not any more. */
  async #takePassword({ pause }: LoginContext): Promise<string | null> {
    const { password, user } = this.#target;
    if (password === null) return null;
    const goOn = pause();
    const turn = await this.#turns.take(user, password);
    goOn();
    if (turn === null) this.#password = 'held back';
    else if (this.#isOver) turn.end('unknown');
    else {
      this.#turn = turn;
      return password.reveal();
    }
    return null;
  }

  get #story(): LoginStory {
    return {
      target: this.#target,
      tried: this.#offers.offers.slice(0, this.#keysTried),
      hasKeys: this.#offers.offers.length > 0,
      passwordMethods: this.#passwordMethods,
      password: this.#password,
      allowed: this.#allowed,
      isPartial: this.#isPartial,
      notes: [...this.#notes, ...this.#offers.remarks],
    };
  }
}

/** A whole signature. Throws when the key may not, or its holder does not, sign in this way. */
async function sign(
  { key, algorithms, isWaitedFor }: Offer,
  data: Buffer,
  algorithm: string,
  pause: () => () => void,
): Promise<Buffer> {
  if (!algorithms.includes(algorithm)) {
    throw new Error(
      algorithm.startsWith('ssh-rsa')
        ? sha1Refusal
        : `PubkeyAcceptedAlgorithms leaves out ${algorithm}, which the server wants`,
    );
  }
  const goOn = isWaitedFor ? pause() : () => {};
  try {
    return await key.sign(data, algorithm);
  } finally {
    goOn();
  }
}
