import ssh2, { type OpenSSHAgent, type ParsedKey, type SigningRequestOptions } from 'ssh2';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { messageOf, seconds } from './text.ts';

type SignDone = (error?: Error | null, signature?: Buffer) => void;

/** A key that an agent holds. */
export interface AgentKey {
  readonly publicKey: PublicKey;
  readonly comment: string;
  readonly key: ParsedKey;
}

/** How long an agent may take to list its keys. */
const listTimeoutMs = 5_000;

/** How long it may take to sign: a person may have to touch a token or to click. */
const signTimeoutMs = 30_000;

/**
 * The user's agent for a whole run: its keys are listed once, and it is asked for one signature at
 * a time, since agents choke on a hundred at once. It is never forwarded.
 */
export class Agent {
  readonly #agent: OpenSSHAgent;
  #keys: Promise<readonly AgentKey[] | Error> | null = null;
  readonly #signTimeoutMs: number;
  #queue: Promise<void> = Promise.resolve();
  #isStuck = false;

  constructor(socketPath: string, timeoutMs = signTimeoutMs) {
    this.#agent = new ssh2.OpenSSHAgent(socketPath);
    this.#signTimeoutMs = timeoutMs;
  }

  /** The keys that ssh2 can use (no certificates, no FIDO keys), or why there are none. */
  keys(): Promise<readonly AgentKey[] | Error> {
    this.#keys ??= this.#list();
    return this.#keys;
  }

  /**
   * One signature, after those that were asked for before it. An agent that leaves one unanswered is
   * not asked again, or each host would wait for it in turn.
   */
  sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions, done: SignDone): void {
    this.#queue = this.#queue.then(
      () =>
        new Promise((resolve) => {
          let isOver = false;
          const finish = (error: Error | null | undefined, signature?: Buffer) => {
            if (isOver) return;
            isOver = true;
            clearTimeout(timer);
            resolve();
            answer(done, error, signature);
          };
          const giveUp = () => {
            this.#isStuck = true;
            finish(new Error(`the agent did not sign in ${seconds(this.#signTimeoutMs)}`));
          };
          const timer = setTimeout(giveUp, this.#isStuck ? 0 : this.#signTimeoutMs);
          if (!this.#isStuck) this.#agent.sign(key, data, options, finish);
        }),
    );
  }

  #list(): Promise<readonly AgentKey[] | Error> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve(new Error('the agent does not answer')),
        listTimeoutMs,
      );
      this.#agent.getIdentities((error, keys) => {
        clearTimeout(timer);
        resolve(error ?? (keys ?? []).flatMap(agentKey));
      });
    });
  }
}

/** One key of the agent in the form that ssh2 wants for one attempt. */
export class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: Agent;
  readonly #key: ParsedKey;
  readonly #allowSha1: boolean;
  readonly #pause: () => () => void;

  /** `pause` stops a clock while the agent signs, and gives what starts it again. */
  constructor(agent: Agent, key: ParsedKey, allowSha1: boolean, pause: () => () => void) {
    super();
    this.#pause = pause;
    this.#agent = agent;
    this.#key = key;
    this.#allowSha1 = allowSha1;
  }

  override getIdentities(done: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    done(null, [this.#key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    optionsOrDone: SigningRequestOptions | SignDone,
    maybeDone?: SignDone,
  ): void {
    const [options, done] =
      typeof optionsOrDone === 'function' ? [{}, optionsOrDone] : [optionsOrDone, maybeDone];
    if (options.hash === 'sha1' && !this.#allowSha1) {
      done?.(new Error(sha1Refusal));
    } else {
      const goOn = this.#pause();
      this.#agent.sign(key, data, options, (error, signature) => {
        goOn();
        done?.(error, signature);
      });
    }
  }
}

/** Said of an RSA key when the server can't verify SHA-2 signatures. */
export const sha1Refusal =
  'the server takes only SHA-1 signatures of RSA keys, which needs `legacy_algorithms: true`';

function agentKey(candidate: unknown): AgentKey[] {
  if (!isParsedKey(candidate)) return [];
  const publicKey = readPublicKey(candidate.getPublicSSH());
  return publicKey === null ? [] : [{ publicKey, comment: candidate.comment, key: candidate }];
}

function isParsedKey(value: unknown): value is ParsedKey {
  return typeof value === 'object' && value !== null && 'getPublicSSH' in value;
}

/** ssh2 throws out of this callback when an agent returns rubbish: that must not end the process. */
function answer(done: SignDone, error: Error | null | undefined, signature?: Buffer): void {
  try {
    done(error, signature);
  } catch (thrown) {
    done(new Error(`the agent's signature can't be used: ${messageOf(thrown)}`));
  }
}
