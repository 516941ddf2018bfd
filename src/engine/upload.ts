import { setTimeout as pause } from 'node:timers/promises';
import { eachPiece, sendFile } from '../connection/send-file.ts';
import type { SourceFile } from '../host/change.ts';
import { Cksum } from '../host/cksum.ts';
import { areSame, isWithoutSha256, withCrc } from '../host/sums.ts';
import {
  compileUpload,
  readUpload,
  type Sending,
  type UploadResult,
} from '../host/upload-program.ts';
import { FirstLook } from './first-look.ts';
import type { HostContact } from './host-contact.ts';
import type { HostShell } from './host-shell.ts';
import { ForgedError, forgedText } from './lost-error.ts';

/** Without progress for so long, an upload is given up. */
const silenceMs = 60_000;

/** The slowest disk that is waited for while a file is made durable and summed up. */
const slowestDiskBytesPerMs = 4_000;

/** How long a host has to take away what it holds. */
const leavingMs = 5_000;

/**
 * Large files of one host, brought there over a channel beside that of the programs. The host holds
 * them until `release`, or until the line is gone.
 */
export class Upload {
  /** By the ids of their acts: what those find the files by. */
  readonly stages: ReadonlyMap<string, string>;
  /** The first that could not be brought, and why; those behind it were not tried. */
  readonly failure: { readonly id: string; readonly message: string } | null;
  readonly #shell: HostShell;

  private constructor(
    shell: HostShell,
    stages: ReadonlyMap<string, string>,
    failure: Upload['failure'],
  ) {
    this.#shell = shell;
    this.stages = stages;
    this.failure = failure;
  }

  /**
   * Brings these files to the host, in order. Rejects with `ConnectionError` when there is no channel
   * for them, with `LostError` when the line is lost.
   *
   * @param onBegin told of each that is begun
   */
  static async send(
    contact: HostContact,
    sendings: readonly Sending[],
    signal: AbortSignal,
    onBegin: (id: string) => void,
  ): Promise<Upload> {
    const first = new FirstLook([]);
    const shell = await contact.besides(signal, first);
    const sender = new Sender(shell, sendings, signal);
    try {
      const sections = await shell.run(() => compileUpload(sendings, first.nonce), {
        patience: ({ since }) => sender.patience(since),
        onBegin: (section) => {
          const id = sender.next(section);
          if (id !== null) onBegin(id);
        },
        onEnd: (section, { status }) => sender.went(section, status),
      });
      const problem = await sender.problem();
      const stages = new Map<string, string>();
      for (const sending of sendings) {
        const { id, change } = sending;
        const result = readUpload(sending, first.nonce, sections);
        if (result.type === 'staged' && (await isSent(change.source, result.sums))) {
          stages.set(id, result.stage);
          continue;
        }
        const message = problem ?? failureText(result, change.path, change.source.path);
        return new Upload(shell, stages, { id, message });
      }
      return new Upload(shell, stages, null);
    } catch (error) {
      shell.end();
      throw error;
    } finally {
      sender.stop();
    }
  }

  /** Has the host take away what it still holds. */
  async release(): Promise<void> {
    this.#shell.end();
    const { outcome } = this.#shell.exec;
    await Promise.race([outcome, pause(leavingMs, undefined, { ref: false })]);
  }
}

/** Sends each file when the host has a place for it. */
class Sender {
  readonly #shell: HostShell;
  readonly #left: string[];
  readonly #sendings: ReadonlyMap<string, Sending>;
  readonly #signal: AbortSignal;
  #stopped = new AbortController();
  #sending: Promise<void> = Promise.resolve();
  #problem: string | null = null;
  #progress = performance.now();
  /** Bytes that the host has and its disk may not have yet. */
  #arrived = 0;

  constructor(shell: HostShell, sendings: readonly Sending[], signal: AbortSignal) {
    this.#shell = shell;
    this.#signal = signal;
    this.#sendings = new Map(sendings.map((sending) => [sending.id, sending]));
    this.#left = sendings.flatMap(({ id }) => [`stage.${id}`, `content.${id}`]);
  }

  patience(since: number): number {
    const disk = this.#arrived / slowestDiskBytesPerMs;
    return Math.max(since, this.#progress) + silenceMs + disk;
  }

  /** The id of the file that is begun; null: it was before. Throws for what nobody asked. */
  next(section: string): string | null {
    if (section !== this.#left.shift()) throw new ForgedError(forgedText);
    return section.startsWith('stage.') ? section.slice('stage.'.length) : null;
  }

  went(section: string, status: number): void {
    this.stop();
    this.#arrived = 0;
    const sending = this.#sendings.get(section.replace(/^stage\./, ''));
    if (sending === undefined || status !== 0) return;
    this.#stopped = new AbortController();
    this.#sending = this.#send(sending, AbortSignal.any([this.#signal, this.#stopped.signal]));
  }

  /** Nothing more of the file that is on its way. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Why not all could be sent, as far as this side can tell. */
  async problem(): Promise<string | null> {
    await this.#sending;
    return this.#problem;
  }

  async #send({ change: { source } }: Sending, signal: AbortSignal): Promise<void> {
    const onProgress = () => {
      this.#progress = performance.now();
    };
    const problem = await sendFile(source, this.#shell.exec.stdin, { signal, onProgress });
    // while the host does so
    void source.makeSums?.();
    onProgress();
    this.#arrived = source.size;
    // the host would wait for the rest of it
    if (problem !== null || this.#signal.aborted) this.#shell.end();
    this.#problem ??= problem;
  }
}

/** Whether these are a host's sums of a file here. */
async function isSent(source: SourceFile, said: string): Promise<boolean> {
  await source.makeSums?.();
  const { path, sums } = source;
  if (!isWithoutSha256(said) || !sums.endsWith('*')) return areSame(said, sums);
  const crc = new Cksum();
  const problem = await eachPiece(path, (piece) => crc.add(piece));
  return problem === null && areSame(said, withCrc(sums, crc.end()));
}

function failureText(result: UploadResult, path: string, source: string): string {
  switch (result.type) {
    case 'failed': {
      const text = Buffer.from(result.output.slice(0, 2_000), 'latin1').toString('utf8').trim();
      return text === '' ? `${path}: failed with status ${result.status}` : text;
    }
    case 'staged':
      return `${path}: what arrived is not what ${source} was when the playbook was read; it may have changed since`;
    default:
      throw new ForgedError(forgedText);
  }
}
