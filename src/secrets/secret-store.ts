import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Complaint } from '../source/complaint.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { listed, quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import type { Secret, SecretOrigin } from '../source/secret.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { isAge, type Opener, openAge, readIdentities, wantsPassphrase } from './age-file.ts';
import { readNames } from './names-file.ts';
import { readPrivateFile } from './private-file.ts';
import { isTooShort, type Redactor, shortestSecret } from './redactor.ts';
import { runForSecret } from './run-for-secret.ts';
import { isVault, openVault } from './vault.ts';
import { type Password, readVaultPassword } from './vault-password.ts';

/** Where secrets and what opens them are. */
export interface SecretSources {
  /** A map of names to secrets, encrypted with age or ansible-vault. */
  readonly file: string | null;
  /** Identities of age; null: those of the user's configuration. */
  readonly identity: string | null;
  readonly vaultPasswordFile: string | null;
  /** Variables; one that is a secret is taken out, so that nothing that is started has it. */
  readonly environment: Record<string, string | undefined>;
  /** Asks on the terminal, without an echo; null for no answer. May throw where there is none. */
  readonly ask: (question: string) => Promise<string | null>;
}

/** Longer values are no secrets; what standard input of a command takes. */
const longestSecretBytes = 65_536;

/** A value, or why there is none. */
type Fetched = { readonly value: string } | Complaint;

type Names =
  | { readonly names: ReadonlyMap<string, string> }
  | { readonly diagnostics: readonly Diagnostic[] };

/** Fetches secrets when they are needed, each source once, and tells the redactor of each value. */
export class SecretStore {
  readonly #sources: SecretSources;
  readonly #redactor: Redactor;
  readonly #fetched = new Map<string, Promise<Fetched>>();
  #names: Promise<Names> | null = null;
  #password: Promise<Password> | null = null;

  constructor(sources: SecretSources, redactor: Redactor) {
    this.#sources = sources;
    this.#redactor = redactor;
  }

  /**
   * Gives all of these their values. Throws `ConfigError` with everything that is wrong with any of
   * them, at the places where they are written.
   */
  async settle(secrets: readonly Secret[]): Promise<void> {
    const found: Diagnostic[] = [];
    for (const secret of secrets) {
      // one after the other: each may ask the user
      const fetched = await this.#valueOf(secret);
      if ('diagnostics' in fetched) found.push(...fetched.diagnostics);
      else if ('message' in fetched) {
        found.push(diagnosticAt(secret.place, fetched.message, fetched.hint));
      } else {
        secret.settle(fetched.value);
        this.#redactor.add(fetched.value);
      }
    }
    if (found.length > 0) throw new ConfigError([...new Set(found)]);
  }

  /** What a file holds that is encrypted as a whole by ansible-vault; null for others. */
  async openFile(content: string | Uint8Array, file: string): Promise<Result<Uint8Array> | null> {
    const start = Buffer.from(content.slice(0, 64));
    if (!isVault(start)) return null;
    const opened = await this.#openVault(Buffer.from(content).toString('utf8'));
    if ('content' in opened) return { ok: true, value: opened.content };
    const position = { file, line: 1, column: 1 };
    return { ok: false, diagnostics: [{ position, ...opened, excerpt: null }] };
  }

  async #valueOf(
    secret: Secret,
  ): Promise<Fetched | { readonly diagnostics: readonly Diagnostic[] }> {
    const { origin } = secret;
    if (secret.isSettled) return checked({ value: secret.reveal() });
    if (origin.kind === 'file') return this.#named(origin.name);
    const key = JSON.stringify(origin);
    const known = this.#fetched.get(key) ?? this.#fetch(origin).then(checked);
    this.#fetched.set(key, known);
    return known;
  }

  async #fetch(origin: SecretOrigin): Promise<Fetched> {
    switch (origin.kind) {
      case 'environment':
        return this.#variable(origin.name);
      case 'command':
        return printedBy(origin.argv);
      case 'vault': {
        const opened = await this.#openVault(origin.envelope);
        return 'content' in opened ? textOf(opened.content) : opened;
      }
      case 'file':
      case 'written':
        throw new Error(`a secret of the kind ${origin.kind} is fetched elsewhere`);
    }
  }

  async #named(name: string) {
    this.#names ??= this.#readNames();
    const read = await this.#names;
    if ('diagnostics' in read) return read;
    const value = read.names.get(name);
    if (value !== undefined) return checked({ value });
    const names = [...read.names.keys()];
    const hint = didYouMean(name, names) ?? `it has ${listed(names.slice(0, 16), 'and')}`;
    return { message: `the secrets file has no ${quoted(name)}`, hint };
  }

  async #readNames(): Promise<Names> {
    const { file } = this.#sources;
    if (file === null) {
      return whole(
        'a secret is used by its name, and no file of secrets is given',
        '--secrets FILE',
      );
    }
    const read = await readPrivateFile(file, 'the secrets file', false);
    if (!read.ok) return whole(read.complaint.message, read.complaint.hint);
    const opened = await this.#open(read.bytes, file);
    if ('message' in opened) return whole(opened.message, opened.hint);
    const names = readNames(opened.content, file);
    return names.ok ? { names: names.value } : { diagnostics: names.diagnostics };
  }

  async #open(bytes: Buffer, file: string): Promise<{ readonly content: Buffer } | Complaint> {
    if (isVault(bytes)) return this.#openVault(bytes.toString('utf8'));
    if (!isAge(bytes)) {
      return {
        message: `the secrets file ${quoted(file)} is not encrypted`,
        hint: 'encrypt it: age -e -r RECIPIENT -o FILE.age FILE, and remove the plain one',
      };
    }
    const opener = await this.#opener(bytes, file);
    if ('message' in opener) return opener;
    const opened = await openAge(bytes, opener, file);
    return opened.ok ? { content: opened.bytes } : opened.complaint;
  }

  async #opener(bytes: Buffer, file: string): Promise<Opener | Complaint> {
    if (!wantsPassphrase(bytes)) return this.#identities();
    const passphrase = await this.#sources.ask(`Passphrase for ${file}`);
    if (passphrase === null) return { message: `no passphrase for ${quoted(file)}`, hint: null };
    this.#redactor.add(passphrase);
    return { passphrase };
  }

  async #identities(): Promise<{ readonly identities: readonly string[] } | Complaint> {
    const file = this.#sources.identity ?? usualIdentityFile(this.#sources.environment);
    const read = await readPrivateFile(file, 'the identity file', true);
    if (!read.ok) {
      const { message, hint } = read.complaint;
      return { message, hint: hint ?? 'name another: --secrets-identity FILE' };
    }
    const identities = readIdentities(read.bytes.toString('utf8'), file);
    if ('message' in identities) return identities;
    for (const identity of identities) this.#redactor.add(identity);
    return { identities };
  }

  async #openVault(envelope: string): Promise<{ readonly content: Buffer } | Complaint> {
    this.#password ??= this.#vaultPassword();
    const known = await this.#password;
    if ('message' in known) return known;
    const opened = await openVault(envelope, known.password);
    if (opened.ok) return opened;
    return opened.isPasswordWrong
      ? { message: opened.why, hint: 'xpush takes one password: that of every vault text in use' }
      : { message: `this vault text cannot be read: ${opened.why}`, hint: null };
  }

  async #vaultPassword(): Promise<Password> {
    const { vaultPasswordFile, ask } = this.#sources;
    let found: Password;
    if (vaultPasswordFile === null) {
      const password = await ask('Vault password');
      found =
        password === null ? { message: 'no vault password was given', hint: null } : { password };
    } else found = await readVaultPassword(vaultPasswordFile);
    if ('password' in found) this.#redactor.add(found.password);
    return found;
  }

  #variable(name: string): Fetched {
    const { environment } = this.#sources;
    const value = environment[name];
    if (value === undefined) {
      return {
        message: `the environment has no ${name}`,
        hint: `export ${name} before xpush is run`,
      };
    }
    delete environment[name];
    return { value };
  }
}

function whole(message: string, hint: string | null): Names {
  return { diagnostics: [{ position: null, message, hint, excerpt: null }] };
}

async function printedBy(argv: readonly string[]): Promise<Fetched> {
  const ran = await runForSecret(argv);
  if (ran.ok) return textOf(ran.output);
  const hint = 'what it says is not shown, as it may hold the secret: run it by hand to see';
  return { message: `${quoted(argv.join(' '))} ${ran.why}`, hint };
}

/** The text without the line feeds at its end, which editors and `echo` add. */
function textOf(bytes: Buffer): Fetched {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { value: text.replace(/[\r\n]+$/, '') };
  } catch {
    return { message: 'this secret is no text', hint: 'binary secrets: keep their base64' };
  }
}

function checked(fetched: Fetched): Fetched {
  if ('message' in fetched) return fetched;
  const { value } = fetched;
  if (value.includes('\0')) return { message: 'this secret holds a NUL character', hint: null };
  if (isTooShort(value)) {
    const message = `this secret has fewer than ${shortestSecret} characters, quotes and blanks aside`;
    return { message, hint: 'so short a text cannot be kept out of the output: take a longer one' };
  }
  return Buffer.byteLength(value) > longestSecretBytes
    ? { message: 'this secret is longer than 64 KiB', hint: null }
    : fetched;
}

/** `$XDG_CONFIG_HOME/xpush/identity` (XDG Base Directory Specification). */
function usualIdentityFile(environment: SecretSources['environment']): string {
  const { XDG_CONFIG_HOME, HOME } = environment;
  return join(XDG_CONFIG_HOME || join(HOME || homedir(), '.config'), 'xpush', 'identity');
}
