import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hub } from './hub.ts';

/** Where a dom0's xl (runtime/xl.sh) leaves its orders, on that dom0's disk. */
const room = '/var/lib/lab-xen';

/** What a dom0's orders are for: one of its guests. */
export interface Domain {
  readonly name: string;
  readonly isRunning: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts and ends guests when the xl of their dom0 says so, in this process. */
export class Hypervisor {
  readonly #hub: Hub;
  readonly #watchers: FSWatcher[] = [];

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Takes orders from a dom0 from now on; its disk must be there. */
  async serve(dom0: string, guests: readonly Domain[]): Promise<void> {
    const directory = join(`${this.#hub.disks}/hosts/${dom0}`, room);
    await mkdir(directory, { recursive: true });
    let last: Promise<void> = Promise.resolve();
    const watcher = watch(directory, { persistent: false }, (_event, file) => {
      if (file?.endsWith('.order') !== true) return;
      last = last.then(() => obey(join(directory, file), guests));
    });
    // the disk goes with the hub
    watcher.on('error', () => watcher.close());
    this.#watchers.push(watcher);
  }

  /** Takes no more orders. */
  close(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }
}

async function obey(file: string, guests: readonly Domain[]): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => null);
  // a file that goes is an event, too
  if (text === null) return;
  await rm(file, { force: true });
  const answer = await carriedOut(text.trim().split(' '), guests).catch((error: unknown) =>
    error instanceof Error ? error.message : `${error}`,
  );
  const path = file.replace(/\.order$/, '');
  await writeFile(`${path}.work`, `${answer}\n`)
    .then(() => rename(`${path}.work`, `${path}.answer`))
    .catch(() => undefined);
}

async function carriedOut(
  [verb, name]: readonly string[],
  guests: readonly Domain[],
): Promise<string> {
  const guest = guests.find((one) => one.name === name);
  if (guest === undefined) return `the lab has no guest ${name} on this dom0`;
  if (verb !== 'start') await guest.stop();
  if (verb !== 'stop') await guest.start();
  return 'done';
}
