import { agentFlags, listIdentities, signByAgent } from './agent-protocol.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { isOffered } from './key-types.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { WireReader } from './ssh-wire.ts';
import { messageOf, seconds } from './text.ts';

/** A key or a certificate that an agent holds. */
export interface AgentKey {
  /** The key itself, also of a certificate. */
  readonly publicKey: PublicKey;
  readonly certificate: Certificate | null;
  /** By which the agent knows it. */
  readonly blob: Buffer;
  readonly comment: string;
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
  readonly #socketPath: string;
  readonly #signTimeoutMs: number;
  #keys: Promise<readonly AgentKey[] | Error> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #isStuck = false;

  constructor(socketPath: string, timeoutMs = signTimeoutMs) {
    this.#socketPath = socketPath;
    this.#signTimeoutMs = timeoutMs;
  }

  /** The keys and certificates of the types that can be offered, or why there are none. */
  keys(): Promise<readonly AgentKey[] | Error> {
    this.#keys ??= this.#list();
    return this.#keys;
  }

  /**
   * One signature, after those that were asked for before it: by the key of this blob, with an
   * algorithm such as `rsa-sha2-512`. An agent that leaves one unanswered is not asked again, or each
   * host would wait for it in turn. Rejects with an `Error`.
   */
  sign(blob: Buffer, data: Buffer, algorithm: string): Promise<Buffer> {
    const signature = this.#queue.then(() => this.#sign(blob, data, algorithm));
    this.#queue = signature.catch(() => {});
    return signature;
  }

  async #sign(blob: Buffer, data: Buffer, algorithm: string): Promise<Buffer> {
    const timeoutMs = this.#signTimeoutMs;
    if (this.#isStuck) throw new Error(`the agent did not sign in ${seconds(timeoutMs)}`);
    const startedAt = performance.now();
    try {
      const request = { blob, data, flags: flagsFor(algorithm) };
      const signature = await signByAgent(this.#socketPath, request, timeoutMs);
      const made = new WireReader(signature).string().toString('latin1');
      if (made !== algorithm) throw new Error("the agent's signature can't be used");
      return signature;
    } finally {
      this.#isStuck = performance.now() - startedAt >= timeoutMs;
    }
  }

  async #list(): Promise<readonly AgentKey[] | Error> {
    try {
      return (await listIdentities(this.#socketPath, listTimeoutMs)).flatMap(agentKey);
    } catch (error) {
      return new Error(messageOf(error));
    }
  }
}

function agentKey({ blob, comment }: { readonly blob: Buffer; readonly comment: string }) {
  const certificate = readCertificate(blob);
  const publicKey = certificate?.key ?? readPublicKey(blob);
  return publicKey === null || !isOffered(publicKey.type)
    ? []
    : [{ publicKey, certificate, blob, comment }];
}

function flagsFor(algorithm: string): number {
  if (algorithm === 'rsa-sha2-512') return agentFlags.sha512;
  return algorithm === 'rsa-sha2-256' ? agentFlags.sha256 : 0;
}
