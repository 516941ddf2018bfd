import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { CertificateFiles } from './certificate-files.ts';
import { isTokenType } from './key-types.ts';
import { type PublicKey, parsePublicKey, readPublicKey } from './public-key.ts';
import { type SigningKey, signByKey } from './signing-key.ts';
import { codeOf, messageOf } from './text.ts';

/** A private key that can sign. */
export interface Identity extends SigningKey {
  readonly file: string;
}

/** Why a private key file can't be used. */
export interface IdentityProblem {
  readonly kind: 'missing' | 'unreadable' | 'too-open' | 'no-passphrase' | 'wrong-passphrase';
  /** A sentence that names the file. */
  readonly message: string;
  readonly hint: string | null;
}

export type IdentityResult =
  | { readonly kind: 'identity'; readonly identity: Identity }
  | { readonly kind: 'problem'; readonly problem: IdentityProblem };

/** What a key file shows without its passphrase. */
export type IdentityPreview =
  | {
      readonly kind: 'preview';
      readonly isEncrypted: boolean;
      /** Null when neither the file nor FILE.pub tells. */
      readonly publicKey: PublicKey | null;
    }
  | { readonly kind: 'problem'; readonly problem: IdentityProblem };

/** Asks the user for a key's passphrase; null when nobody can be asked. */
export type AskPassphrase = (file: string) => Promise<string | null>;

/** Private key files of a run: each is read, decrypted and asked about once, whatever the number of hosts. */
export class IdentityFiles {
  readonly certificates = new CertificateFiles();
  readonly #askPassphrase: AskPassphrase | null;
  readonly #texts = new Map<string, Promise<string | IdentityProblem>>();
  readonly #previews = new Map<string, Promise<IdentityPreview>>();
  readonly #results = new Map<string, Promise<IdentityResult>>();
  /** Prompts follow one another. */
  #prompts: Promise<unknown> = Promise.resolve();

  constructor(askPassphrase: AskPassphrase | null) {
    this.#askPassphrase = askPassphrase;
  }

  /** Looks at a key without asking for its passphrase. */
  preview(file: string): Promise<IdentityPreview> {
    return remember(this.#previews, file, () => this.#preview(file));
  }

  /** The key, ready to sign. Asks for its passphrase when it is encrypted. */
  load(file: string): Promise<IdentityResult> {
    return remember(this.#results, file, () => this.#load(file));
  }

  async #preview(file: string): Promise<IdentityPreview> {
    const text = await this.#text(file);
    if (typeof text !== 'string') {
      // an agent may hold what is not here
      const publicHalf = text.kind === 'missing' ? await readPublicHalf(file) : null;
      return publicHalf === null
        ? { kind: 'problem', problem: text }
        : { kind: 'preview', isEncrypted: false, publicKey: publicHalf };
    }
    const header = readOpensshHeader(text);
    const publicKey = header?.publicKey ?? parsePublicKey(text) ?? (await readPublicHalf(file));
    return { kind: 'preview', isEncrypted: header?.isEncrypted ?? isEncryptedPem(text), publicKey };
  }

  async #load(file: string): Promise<IdentityResult> {
    const text = await this.#text(file);
    if (typeof text !== 'string') return { kind: 'problem', problem: text };
    const header = readOpensshHeader(text);
    if (isTokenType(header?.publicKey?.type ?? '')) {
      return problem('unreadable', `cannot use the key ${file}: it is on a FIDO token`, {
        hint: `load it into an agent (ssh-add ${file}), which asks the token, or use --transport openssh`,
      });
    }
    const isEncrypted = header?.isEncrypted ?? isEncryptedPem(text);
    if (!isEncrypted) return parseIdentity(file, text, null);
    const passphrase = await this.#ask(file);
    if (passphrase === null) {
      return problem('no-passphrase', `the key ${file} is encrypted`, {
        hint: 'load it into an agent (ssh-add), or run on a terminal to be asked',
      });
    }
    return parseIdentity(file, text, passphrase);
  }

  async #ask(file: string): Promise<string | null> {
    if (this.#askPassphrase === null) return null;
    const ask = this.#askPassphrase;
    const answer = this.#prompts.then(() => ask(file));
    this.#prompts = answer.catch(() => {});
    return answer;
  }

  #text(file: string): Promise<string | IdentityProblem> {
    return remember(this.#texts, file, () => readKeyFile(file));
  }
}

function remember<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>) {
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const made = make();
  cache.set(key, made);
  return made;
}

async function readKeyFile(file: string): Promise<string | IdentityProblem> {
  try {
    const { mode, uid } = await stat(file);
    const text = await readFile(file, 'utf8');
    if (parsePublicKey(text) !== null) return text;
    // The same rule as OpenSSH's sshkey_perm_ok: only the owner's own files are judged.
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      return {
        kind: 'too-open',
        message: `the key ${file} can be read by others (mode ${octal})`,
        hint: `chmod 600 ${file}`,
      };
    }
    return text;
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? { kind: 'missing', message: `there is no key file ${file}`, hint: null }
      : {
          kind: 'unreadable',
          message: `cannot read the key ${file}: ${messageOf(error)}`,
          hint: null,
        };
  }
}

function parseIdentity(file: string, text: string, passphrase: string | null): IdentityResult {
  const parsed = parsePrivateKey(text, passphrase);
  if (parsed instanceof Error) {
    return passphrase === null
      ? problem('unreadable', `cannot use the key ${file}: ${parsed.message}`, {
          hint:
            parsePublicKey(text) === null
              ? 'ed25519, ECDSA and RSA keys in OpenSSH or PEM form work; ssh-keygen -p -f FILE converts'
              : 'it is a public key: name the private one, or add that to your agent (ssh-add)',
        })
      : problem('wrong-passphrase', `wrong passphrase for the key ${file}`, { hint: null });
  }
  const publicKey = readPublicKey(parsed.getPublicSSH());
  if (publicKey === null) {
    return problem('unreadable', `cannot use the key ${file}: it is damaged`, { hint: null });
  }
  // ssh2 would parse the PEM again for each signature
  const key = createPrivateKey(parsed.getPrivatePEM());
  const sign = (data: Buffer, algorithm: string) => signByKey(key, data, algorithm);
  return { kind: 'identity', identity: { file, publicKey, sign } };
}

/** OpenSSH's own format as it is; PEM through OpenSSL, which knows PKCS#8 and old encryption too. */
function parsePrivateKey(text: string, passphrase: string | null): ParsedKey | Error {
  try {
    let pem = text;
    if (!text.includes(opensshHeader)) {
      const key = createPrivateKey(
        passphrase === null ? text : { key: text, passphrase, format: 'pem' },
      );
      pem = exportTraditional(key);
    }
    const parsed = ssh2.utils.parseKey(pem, passphrase ?? undefined);
    return parsed instanceof Error || parsed.isPrivateKey()
      ? parsed
      : new Error('it is not private');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function exportTraditional(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ type: 'pkcs1', format: 'pem' }).toString();
    case 'ec':
      return key.export({ type: 'sec1', format: 'pem' }).toString();
    default:
      throw new Error(`unsupported type ${key.asymmetricKeyType} in this format`);
  }
}

const opensshHeader = '-----BEGIN OPENSSH PRIVATE KEY-----';

/** The unencrypted head of OpenSSH's format (PROTOCOL.key in its source): cipher and public key. */
function readOpensshHeader(
  text: string,
): { readonly isEncrypted: boolean; readonly publicKey: PublicKey | null } | null {
  const start = text.indexOf(opensshHeader);
  const end = text.indexOf('-----END OPENSSH PRIVATE KEY-----');
  if (start < 0 || end < start) return null;
  const data = Buffer.from(text.slice(start + opensshHeader.length, end), 'base64');
  let position = 'openssh-key-v1\0'.length;
  const field = (): Buffer => {
    if (position + 4 > data.length) return Buffer.alloc(0);
    const from = position + 4;
    position = from + data.readUInt32BE(position);
    return data.subarray(from, position);
  };
  const cipher = field().toString('latin1');
  field();
  field();
  position += 4;
  return { isEncrypted: cipher !== 'none', publicKey: readPublicKey(field()) };
}

function isEncryptedPem(text: string): boolean {
  return /^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/m.test(text);
}

async function readPublicHalf(file: string): Promise<PublicKey | null> {
  try {
    return parsePublicKey(await readFile(`${file}.pub`, 'utf8'));
  } catch {
    return null;
  }
}

function problem(
  kind: IdentityProblem['kind'],
  message: string,
  { hint }: { readonly hint: string | null },
): IdentityResult {
  return { kind: 'problem', problem: { kind, message, hint } };
}
