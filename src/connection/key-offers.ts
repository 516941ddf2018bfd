import type { Agent, AgentKey } from './agent.ts';
import { type Certificate, doubtAbout } from './certificate.ts';
import type { FiledCertificate } from './certificate-files.ts';
import type { IdentityFiles, IdentityProblem } from './identity.ts';
import { algorithmsOf, plainType } from './key-types.ts';
import { fingerprint, type PublicKey, rsaBits } from './public-key.ts';
import type { SigningKey } from './signing-key.ts';
import type { IdentityChoice, Target } from './target.ts';
import { printable } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Servers count each key against MaxAuthTries, 6 by default; a password needs two of them at worst. */
const maximumKeys = { alone: 5, withPassword: 4 } as const;

/** A key or a certificate that will be offered. */
export interface Offer {
  readonly key: SigningKey;
  /** What it may be offered by, best first; never empty. */
  readonly algorithms: readonly string[];
  /** A key that only the agent has: messages count them. */
  readonly isAgentKey: boolean;
  /** Whether somebody is waited for who is not the host: an agent, a person at a token. */
  readonly isWaitedFor: boolean;
  /** For messages. */
  readonly words: string;
}

/** The keys for one host, in the order in which they are offered, and what is to be said of the others. */
export interface Offers {
  readonly offers: readonly Offer[];
  readonly remarks: readonly string[];
}

/**
 * Chooses the keys for a host as OpenSSH does: first the certificates that are named, then the keys of
 * its identity files that the agent holds, then the agent's others unless IdentitiesOnly, then the
 * files themselves; each after its certificates, since servers count what is offered. Asks for the
 * passphrases that this needs. Throws `ConnectionError` (`config`) when a key named for the endpoint
 * can't be used.
 */
export async function chooseKeys(
  target: Target,
  files: IdentityFiles,
  agent: Agent | null,
): Promise<Offers> {
  if (!target.login.methods.includes('publickey')) return { offers: [], remarks: [] };
  return new KeyChoice(target, files, agent).make();
}

/** A key that signs: the agent's or a file's. */
interface Signer {
  readonly publicKey: PublicKey;
  readonly isAgent: boolean;
  readonly sign: SigningKey['sign'];
}

class KeyChoice {
  readonly #target: Target;
  readonly #files: IdentityFiles;
  readonly #agent: Agent | null;
  readonly #offers: Offer[] = [];
  readonly #remarks: string[] = [];
  #held: readonly AgentKey[] = [];

  constructor(target: Target, files: IdentityFiles, agent: Agent | null) {
    this.#target = target;
    this.#files = files;
    this.#agent = agent;
  }

  async make(): Promise<Offers> {
    const { identities, identitiesOnly } = this.#target;
    this.#held = await this.#agentKeys();
    for (const file of this.#target.certificateFiles) await this.#offerNamed(file);
    const fromFiles: IdentityChoice[] = [];
    for (const choice of identities) {
      const signer = this.#heldBy(await this.#publicKeyOf(choice.file));
      if (signer === null) fromFiles.push(choice);
      else await this.#offerWithCertificates(signer, choice.file);
    }
    if (!identitiesOnly) for (const key of this.#held) this.#offerHeld(key);
    for (const choice of fromFiles) await this.#offerFile(choice);
    const most = maximumKeys[this.#target.password === null ? 'alone' : 'withPassword'];
    const left = this.#offers.length - most;
    if (left > 0) {
      this.#remarks.push(
        `${left} more not tried, for a server counts them: name one with identity`,
      );
    }
    return { offers: this.#offers.slice(0, most), remarks: this.#remarks };
  }

  async #agentKeys(): Promise<readonly AgentKey[]> {
    const keys = (await this.#agent?.keys()) ?? [];
    if (!(keys instanceof Error)) return keys;
    this.#remarks.push(`the agent can't be used (${printable(keys.message)})`);
    return [];
  }

  async #publicKeyOf(file: string): Promise<PublicKey | null> {
    const preview = await this.#files.preview(file);
    return preview.kind === 'preview' ? preview.publicKey : null;
  }

  /** The agent as the signer for a key; null when it does not hold it. */
  #heldBy(publicKey: PublicKey | null): Signer | null {
    const agent = this.#agent;
    const same = this.#held.filter((key) => publicKey?.blob.equals(key.publicKey.blob) === true);
    // an agent may hold the certificate without the key
    const held = same.find(({ certificate }) => certificate === null) ?? same[0];
    if (agent === null || held === undefined) return null;
    return {
      publicKey: held.publicKey,
      isAgent: true,
      sign: (data, algorithm) => agent.sign(held.blob, data, plainType(algorithm)),
    };
  }

  /** CertificateFile: its key is the agent's, or that of an identity file. */
  async #offerNamed(file: string): Promise<void> {
    const read = await this.#files.certificates.read(file);
    if (read === null || typeof read === 'string') {
      this.#remarks.push(read ?? `there is no certificate ${file}`);
      return;
    }
    const signer = await this.#signerFor(read.certificate);
    if (signer === null) this.#remarks.push(`the key of the certificate ${file} is not here`);
    else this.#offerCertificate(signer, read.certificate, file);
  }

  async #signerFor({ key }: Certificate): Promise<Signer | null> {
    const held = this.#heldBy(key);
    if (held !== null) return held;
    for (const { file } of this.#target.identities) {
      const publicKey = await this.#publicKeyOf(file);
      if (publicKey?.blob.equals(key.blob) !== true) continue;
      if (!(await this.#isWorthAsking({ file, origin: 'config' }))) continue;
      const loaded = await this.#files.load(file);
      if (loaded.kind === 'identity') return { ...loaded.identity, isAgent: false };
    }
    return null;
  }

  async #offerWithCertificates(signer: Signer, file: string): Promise<void> {
    const beside = await this.#files.certificates.beside(file);
    if (typeof beside === 'string') this.#remarks.push(beside);
    else if (beside !== null) this.#offerBeside(signer, beside, file);
    for (const { certificate, publicKey } of this.#held) {
      const isItsOwn = publicKey.blob.equals(signer.publicKey.blob);
      if (certificate !== null && isItsOwn) this.#offerCertificate(signer, certificate, null);
    }
    this.#offerKey(signer, file);
  }

  #offerBeside(signer: Signer, { file, certificate }: FiledCertificate, keyFile: string): void {
    if (certificate.key.blob.equals(signer.publicKey.blob)) {
      this.#offerCertificate(signer, certificate, file);
    } else this.#remarks.push(`${file} is not a certificate of ${keyFile}`);
  }

  /** One of the agent's own. */
  #offerHeld({ publicKey, certificate }: AgentKey): void {
    const signer = this.#heldBy(publicKey);
    if (signer === null) return;
    if (certificate !== null) {
      this.#offerCertificate(signer, certificate, null);
      return;
    }
    for (const other of this.#held) {
      const isItsOwn = other.publicKey.blob.equals(publicKey.blob);
      if (other.certificate !== null && isItsOwn) {
        this.#offerCertificate(signer, other.certificate, null);
      }
    }
    this.#offerKey(signer, null);
  }

  async #offerFile(choice: IdentityChoice): Promise<void> {
    if (!(await this.#isWorthAsking(choice))) return;
    const loaded = await this.#files.load(choice.file);
    if (loaded.kind === 'identity') {
      await this.#offerWithCertificates({ ...loaded.identity, isAgent: false }, choice.file);
    } else this.#complain(loaded.problem, choice);
  }

  /**
   * Nobody is asked for the passphrase of a key that no one named while there are others; with BatchMode
   * for none at all.
   */
  async #isWorthAsking({ file, origin }: IdentityChoice): Promise<boolean> {
    const isWanted = origin !== 'default' || this.#offers.length === 0;
    if (isWanted && !this.#target.login.isBatch) return true;
    const preview = await this.#files.preview(file);
    if (preview.kind !== 'preview' || !preview.isEncrypted) return true;
    this.#remarks.push(`${file} is encrypted and was not asked for`);
    return false;
  }

  #complain(problem: IdentityProblem, { origin }: IdentityChoice): void {
    if (origin === 'endpoint') {
      const hint = problem.hint === null ? {} : { hint: problem.hint };
      throw new ConnectionError('config', problem.message, hint);
    }
    if (problem.kind !== 'missing') this.#remarks.push(problem.message);
  }

  #offerCertificate(signer: Signer, certificate: Certificate, file: string | null): void {
    const { type, blob, id } = certificate;
    const name = file ?? `"${printable(id)}" in the agent`;
    const doubt = doubtAbout(certificate, this.#target.user, new Date());
    const words = `certificate ${name}${doubt === null ? '' : ` (${doubt})`}`;
    this.#offer(signer, { type, blob }, { words, isAgentKey: false });
  }

  #offerKey(signer: Signer, file: string | null): void {
    const { publicKey, isAgent } = signer;
    const mark = fingerprint(publicKey.blob);
    const words = file === null ? `key ${mark} in the agent` : `key ${file} (${mark})`;
    this.#offer(signer, publicKey, { words, isAgentKey: isAgent });
  }

  #offer(
    { sign, isAgent, publicKey: signs }: Signer,
    publicKey: PublicKey,
    { words, isAgentKey }: { readonly words: string; readonly isAgentKey: boolean },
  ): void {
    if (this.#offers.some(({ key }) => key.publicKey.blob.equals(publicKey.blob))) return;
    const { login, legacyAlgorithms } = this.#target;
    if (rsaBits(signs) < login.leastRsaBits) {
      this.#remarks.push(`${words} has fewer bits than RequiredRSASize`);
      return;
    }
    const known = algorithmsOf(publicKey.type).filter(
      (name) => legacyAlgorithms || !name.startsWith('ssh-rsa'),
    );
    const { signatures } = login;
    const algorithms =
      signatures.length === 0 ? known : known.filter((name) => signatures.includes(name));
    if (algorithms.length === 0) {
      this.#remarks.push(`${words} is left out by PubkeyAcceptedAlgorithms`);
      return;
    }
    const key = { publicKey, sign };
    this.#offers.push({ key, algorithms, isAgentKey, isWaitedFor: isAgent, words });
  }
}
