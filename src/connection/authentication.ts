import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { type Agent, type AgentKey, OneKeyAgent, sha1Refusal } from './agent.ts';
import type { Identity, IdentityFiles, IdentityProblem } from './identity.ts';
import { fingerprint, type PublicKey } from './public-key.ts';
import type { Authenticator } from './ssh2-client.ts';
import type { IdentityChoice, Target } from './target.ts';
import { printable } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Servers count each key against MaxAuthTries, 6 by default. */
const maximumKeys = 5;

/** A key that will be offered. */
type Offer =
  | { readonly kind: 'file'; readonly identity: Identity }
  | { readonly kind: 'agent'; readonly agent: Agent; readonly key: AgentKey };

/** The keys for one host, in the order in which they are offered, and what is to be said of the others. */
export interface Offers {
  readonly offers: readonly Offer[];
  readonly remarks: readonly string[];
}

/**
 * Chooses the keys for a host as OpenSSH does: first those of its identity files that the agent
 * holds, then the agent's others unless IdentitiesOnly, then the files themselves. Asks for the
 * passphrases that this needs. Throws `ConnectionError` (`config`) when a key named for the
 * endpoint can't be used.
 */
export async function chooseKeys(
  target: Target,
  files: IdentityFiles,
  agent: Agent | null,
): Promise<Offers> {
  const remarks: string[] = [];
  const held = await agentKeys(agent, remarks);
  const fromAgent: AgentKey[] = [];
  const fromFiles: IdentityChoice[] = [];
  for (const choice of target.identities) {
    const preview = await files.preview(choice.file);
    const publicKey = preview.kind === 'preview' ? preview.publicKey : null;
    const match = held.find((key) => isSame(key.publicKey, publicKey));
    if (match !== undefined) fromAgent.push(match);
    else fromFiles.push(choice);
  }
  if (!target.identitiesOnly) fromAgent.push(...held.filter((key) => !fromAgent.includes(key)));

  const offers: Offer[] = [];
  if (agent !== null)
    offers.push(...fromAgent.map((key) => ({ kind: 'agent', agent, key }) as const));
  for (const choice of fromFiles) {
    if (await isWorthAsking(choice, files, offers.length > 0, remarks)) {
      const loaded = await files.load(choice.file);
      if (loaded.kind === 'identity') offers.push({ kind: 'file', identity: loaded.identity });
      else remarks.push(...complain(loaded.problem, choice));
    }
  }
  return {
    offers: offers.slice(0, maximumKeys),
    remarks: [...remarks, ...leftOver(offers.length)],
  };
}

/** One connection's way through the chosen keys. */
export class KeyAuthenticator implements Authenticator {
  readonly #target: Target;
  readonly #offers: Offers;
  readonly #notes: string[] = [];
  #tried = 0;
  #hasAsked = false;
  #allowed: readonly string[] | null = null;

  constructor(target: Target, offers: Offers) {
    this.#target = target;
    this.#offers = offers;
  }

  next(allowed: readonly string[] | null, pause: () => () => void): AnyAuthMethod | null {
    this.#allowed = allowed ?? this.#allowed;
    if (this.#allowed !== null && !this.#allowed.includes('publickey')) return null;
    const offer = this.#offers.offers[this.#tried];
    if (offer === undefined) return this.#question();
    this.#tried += 1;
    return this.#method(offer, pause);
  }

  /** ssh2 keeps to itself what the server allows after an agent's key: asked at the end, for the message. */
  #question(): AnyAuthMethod | null {
    if (this.#allowed !== null || this.#hasAsked || this.#tried >= maximumKeys) return null;
    this.#hasAsked = true;
    return { type: 'none', username: this.#target.user };
  }

  note(problem: string): void {
    if (!this.#notes.includes(problem)) this.#notes.push(problem);
  }

  failure(): ConnectionError {
    const { user } = this.#target;
    const parts = [this.#triedText()];
    if (this.#allowed !== null) {
      parts.push(`the server allows ${printable(this.#allowed.join(','))}`);
    }
    parts.push(...this.#notes, ...this.#offers.remarks);
    return new ConnectionError(
      'authentication',
      `authentication failed as ${printable(user)}: ${parts.join('; ')}`,
      {
        hint: `can you log in with: ssh -l ${printable(user)} ${printable(this.#target.name)} true`,
      },
    );
  }

  #method(offer: Offer, pause: () => () => void): AnyAuthMethod {
    const { user: username, legacyAlgorithms } = this.#target;
    if (offer.kind === 'agent') {
      const agent = new OneKeyAgent(offer.agent, offer.key.key, legacyAlgorithms, pause);
      return { type: 'agent', username, agent };
    }
    const { key } = offer.identity;
    return { type: 'publickey', username, key: legacyAlgorithms ? key : withoutSha1(key) };
  }

  #triedText(): string {
    const tried = this.#offers.offers.slice(0, this.#tried);
    const keys = tried.flatMap((offer) => (offer.kind === 'file' ? [offer.identity] : []));
    const words = keys.map(({ file, publicKey }) => `key ${file} (${fingerprint(publicKey.blob)})`);
    const held = tried.length - keys.length;
    if (held > 0) words.unshift(`agent (${held} ${held === 1 ? 'key' : 'keys'})`);
    return words.length === 0 ? 'no key to offer' : `tried ${words.join(', ')}`;
  }
}

async function agentKeys(agent: Agent | null, remarks: string[]): Promise<readonly AgentKey[]> {
  if (agent === null) return [];
  const keys = await agent.keys();
  if (!(keys instanceof Error)) return keys;
  remarks.push(`the agent can't be used (${printable(keys.message)})`);
  return [];
}

function isSame(key: PublicKey, other: PublicKey | null): boolean {
  return other?.blob.equals(key.blob) ?? false;
}

/** Nobody is asked for the passphrase of a key that no one named while there are others. */
async function isWorthAsking(
  choice: IdentityChoice,
  files: IdentityFiles,
  haveOthers: boolean,
  remarks: string[],
): Promise<boolean> {
  if (choice.origin !== 'default' || !haveOthers) return true;
  const preview = await files.preview(choice.file);
  if (preview.kind !== 'preview' || !preview.isEncrypted) return true;
  remarks.push(`${choice.file} is encrypted and was not asked for`);
  return false;
}

function complain(problem: IdentityProblem, { origin }: IdentityChoice): readonly string[] {
  if (origin === 'endpoint') {
    throw new ConnectionError(
      'config',
      problem.message,
      problem.hint === null ? {} : { hint: problem.hint },
    );
  }
  return problem.kind === 'missing' ? [] : [problem.message];
}

function leftOver(count: number): readonly string[] {
  const rest = count - maximumKeys;
  return rest > 0
    ? [`${rest} more not tried, for a server counts them: name one with identity`]
    : [];
}

/** The same key, but without SHA-1 signatures; ssh2 takes a returned Error for a refusal and goes on. */
function withoutSha1(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-rsa') return key;
  const strict: ParsedKey = Object.create(key);
  return Object.defineProperty(strict, 'sign', {
    value: (data: Buffer, hash?: string): Buffer | Error =>
      hash === undefined || hash === 'sha1' ? new Error(sha1Refusal) : key.sign(data, hash),
  });
}
