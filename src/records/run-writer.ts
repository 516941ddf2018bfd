import { type FileHandle, lstat, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { RunEvent } from '../engine/events.ts';
import { EventLines, line } from './event-line.ts';
import { HostCounts } from './host-counts.ts';
import { type RunHead, recordFiles } from './run-head.ts';
import { runsDirectory } from './state-directory.ts';

const mostContentBytes = 64 * 1024 * 1024;

/** All contents may wait for a slow disk; one that lets more wait has hung. */
const mostWaitingLength = mostContentBytes + 16 * 1024 * 1024;

/** Events of a moment are written together: a write is done by another thread, which costs more than the bytes. */
const gatheringMs = 20;

/** Keeps the record of a run on disk while it goes. */
export interface RunWriter {
  /** Never throws and never waits; what was noted is written in a moment, beside the run. */
  note(event: RunEvent): void;
  /** The run leaves no record, as was told. */
  readonly hasFailed: boolean;
  /** All is written when it resolves; a record whose run ended says so then. */
  close(): Promise<void>;
}

/**
 * Begins the record of a run. A record that cannot be written is told once and is nobody's failure:
 * the run goes on without it. Directories are only their owner's (0700), files too (0600).
 */
export function openRunRecord(
  directory: string,
  head: RunHead,
  warn: (text: string) => void,
): RunWriter {
  const lines = new EventLines(mostContentBytes);
  const counts = new HostCounts();
  const beganMs = performance.now();
  const path = join(runsDirectory(directory), head.run.id);
  let waiting = '';
  let lastDoing = new Map<string, string>();
  let hasFailed = false;
  let isClosed = false;

  const fail = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    waiting = '';
    lastDoing = new Map();
    warn(`This run leaves no record: ${reasonOf(error)}`);
  };
  const opening = begin(directory, path, head).catch((error: unknown) => {
    fail(error);
    return null;
  });
  let writing: Promise<void> | null = null;

  let hurry = (): void => {};

  function gather(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, gatheringMs);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function writeAll(): Promise<void> {
    const file = await opening;
    while (file !== null && waiting !== '') {
      if (!isClosed) await gather();
      const text = waiting;
      waiting = '';
      await file.appendFile(text);
    }
  }

  /** Only steps are kept of what is of the moment: where a host stood, not how far. */
  function isNews(event: RunEvent): boolean {
    if (event.event !== 'activity') return true;
    if (lastDoing.get(event.host) === event.doing) return false;
    lastDoing.set(event.host, event.doing);
    return true;
  }

  function flush(): void {
    writing ??= writeAll()
      .catch(fail)
      .finally(() => {
        writing = null;
        if (waiting !== '' && !hasFailed) flush();
      });
  }

  return {
    get hasFailed() {
      return hasFailed;
    },

    note(event) {
      if (hasFailed || isClosed || !isNews(event)) return;
      counts.note(event);
      waiting += lines.of({ at: (performance.now() - beganMs) / 1000, event });
      if (waiting.length > mostWaitingLength) fail(`${path} does not keep up`);
      else flush();
    },

    async close() {
      isClosed = true; // what comes now is about the end of the run, not of its hosts
      hurry();
      while (writing !== null) await writing;
      const file = await opening;
      if (file === null) return;
      try {
        await file.datasync().catch(() => {}); // pipes and odd file systems have none
        await file.close();
        if (!hasFailed && counts.summary !== null) {
          await writeNew(join(path, recordFiles.end), line(counts.summary));
        }
      } catch (error) {
        fail(error);
      }
    },
  };
}

async function begin(directory: string, path: string, head: RunHead): Promise<FileHandle> {
  await makeDirectory(runsDirectory(directory));
  for (const each of [directory, runsDirectory(directory)]) await refuseForeign(each);
  await mkdir(path, { mode: 0o700 });
  await writeNew(join(path, recordFiles.head), `${JSON.stringify(head, null, 2)}\n`);
  return open(join(path, recordFiles.events), 'ax', 0o600);
}

/** With those above it. Node's own way never ends where the kernel says ENOENT of what is there (/proc). */
async function makeDirectory(path: string): Promise<void> {
  const make = (): Promise<null> =>
    mkdir(path, { mode: 0o700 }).then(
      () => null,
      (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? null : Promise.reject(error)),
    );
  try {
    await make();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // A home that is not there is nobody's to make.
    if (!isMissing || dirname(path) === path || dirname(path) === homedir()) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: 'wx', mode: 0o600 });
}

/** Under sudo, the home may be somebody else's, who could lead us anywhere. */
async function refuseForeign(path: string): Promise<void> {
  const me = process.geteuid?.();
  for (const found of [await lstat(path), await stat(path)]) {
    if (me !== undefined && found.uid !== me) throw new Error(`${path} belongs to another user`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
