import { open, readFile, stat } from 'node:fs/promises';
import { verdictError } from './host-key.ts';
import { KnownHosts, knownHostsName } from './known-hosts.ts';
import { knownHostsLine } from './known-hosts-edit.ts';
import { withKnownHostsLock } from './known-hosts-lock.ts';
import type { PublicKey } from './public-key.ts';
import type { HostKeyPolicy } from './target.ts';
import { codeOf, hostPort, messageOf } from './text.ts';

/** What is remembered of a file since it was last read or written from here. */
interface FileState {
  readonly size: number;
  readonly changedMs: number;
  readonly lines: number;
  readonly endsInNewline: boolean;
}

/** The known_hosts files of a run: each is parsed once, whatever the number of hosts. */
export class KnownHostsFiles {
  readonly #warn: (message: string) => void;
  /** null: it is there and can't be read. */
  readonly #texts = new Map<string, Promise<string | null>>();
  readonly #states = new Map<string, FileState>();
  readonly #indexes = new Map<
    string,
    { readonly files: readonly string[]; readonly index: Promise<KnownHosts> }
  >();
  #writes: Promise<unknown> = Promise.resolve();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** The lines of these files together; a missing file is an empty one. */
  load(files: readonly string[]): Promise<KnownHosts> {
    const id = files.join('\0');
    const cached = this.#indexes.get(id);
    if (cached !== undefined) return cached.index;
    const index = this.#load(files);
    this.#indexes.set(id, { files, index });
    return index;
  }

  /**
   * Writes a key that `accept-new` has accepted, under a lock and in one append, so that neither
   * hosts of this run nor other programs lose a line. Throws `ConnectionError` (`host-key`) when
   * another key was recorded for the host meanwhile; a file that can't be written is a warning.
   */
  record(policy: HostKeyPolicy, key: PublicKey): Promise<void> {
    const written = this.#writes.then(() => this.#record(policy, key));
    this.#writes = written.catch(() => {});
    return written;
  }

  async #load(files: readonly string[]): Promise<KnownHosts> {
    const index = new KnownHosts();
    for (const file of files) {
      const text = await this.#text(file);
      if (text === null) index.unread.add(file);
      else index.add(text, file);
    }
    return index;
  }

  #text(file: string): Promise<string | null> {
    const cached = this.#texts.get(file);
    if (cached !== undefined) return cached;
    const text = this.#read(file);
    this.#texts.set(file, text);
    return text;
  }

  async #read(file: string): Promise<string | null> {
    try {
      const text = await readFile(file, 'utf8');
      await this.#noteState(file, text);
      return text;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return '';
      this.#warn(`cannot read ${file}: ${messageOf(error)}`);
      return null;
    }
  }

  async #record(policy: HostKeyPolicy, key: PublicKey): Promise<void> {
    const file = policy.recordFile;
    if (file === null) return;
    if (await this.#isRecorded(policy, key)) return;
    try {
      await withKnownHostsLock(file, async () => {
        await this.#readAgain(file);
        if (!(await this.#isRecorded(policy, key))) await this.#append(file, policy, key);
      });
    } catch (error) {
      if (codeOf(error) === null) throw error;
      this.#warn(`the host key of ${policy.name.host} was accepted, but ${messageOf(error)}`);
    }
  }

  /** Whether the key is in the files by now. */
  async #isRecorded(policy: HostKeyPolicy, key: PublicKey): Promise<boolean> {
    const verdict = (await this.load(policy.files)).check(policy.name, key);
    if (verdict.kind === 'unknown') return false;
    const label = hostPort(policy.name.host, policy.name.port);
    const refusal = verdictError(verdict, label, policy, key);
    if (refusal !== null) throw refusal;
    return true;
  }

  /** Takes up what other programs have written since. */
  async #readAgain(file: string): Promise<void> {
    const before = this.#states.get(file);
    const now = await stat(file).catch(() => null);
    if (now?.size === before?.size && now?.mtimeMs === before?.changedMs) return;
    this.#texts.delete(file);
    for (const [id, { files }] of this.#indexes) {
      if (files.includes(file)) this.#indexes.set(id, { files, index: this.#load(files) });
    }
  }

  async #append(file: string, policy: HostKeyPolicy, key: PublicKey): Promise<void> {
    const name = knownHostsName(policy.name);
    const line = `${knownHostsLine(name, key, policy.recordHashed)}\n`;
    const state = this.#states.get(file);
    const text = state?.endsInNewline === false ? `\n${line}` : line;
    const handle = await open(file, 'a', 0o600);
    try {
      await handle.write(text);
    } finally {
      await handle.close();
    }
    const lines = (state?.lines ?? 0) + 1;
    await this.#addLines(file, line, lines);
    const { size, mtimeMs } = await stat(file);
    if (size === (state?.size ?? 0) + Buffer.byteLength(text)) {
      this.#states.set(file, { size, changedMs: mtimeMs, lines, endsInNewline: true });
    } else {
      this.#states.delete(file);
    }
  }

  async #addLines(file: string, text: string, firstLine: number): Promise<void> {
    for (const { files, index } of this.#indexes.values()) {
      if (files.includes(file)) (await index).add(text, file, firstLine);
    }
  }

  async #noteState(file: string, text: string): Promise<void> {
    const { mtimeMs } = await stat(file);
    const size = Buffer.byteLength(text);
    const endsInNewline = text === '' || text.endsWith('\n');
    const lines = text.split('\n').length - (endsInNewline ? 1 : 0);
    this.#states.set(file, { size, changedMs: mtimeMs, lines, endsInNewline });
  }
}
