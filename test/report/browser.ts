import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const program = '/usr/bin/chromium';
const { XPUSH_LAB } = process.env;

/** Where a browser must be there, its absence is a failure. */
export const hasBrowser = existsSync(program) || XPUSH_LAB === 'required';

export interface Loaded {
  /** The document after it was loaded, as HTML. */
  readonly dom: string;
  /** What the console says. */
  readonly console: readonly string[];
  /** Addresses that were asked for, the page itself left out. */
  readonly requests: readonly string[];
}

/** Loads a page from a file in a headless browser. */
export async function load(page: string): Promise<Loaded> {
  const directory = await mkdtemp(join(tmpdir(), 'xpush-page-'));
  try {
    const file = join(directory, 'run.html');
    const log = join(directory, 'net.json');
    await writeFile(file, page);
    const { stdout, stderr } = await promisify(execFile)(
      program,
      [
        ...['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${directory}/profile`],
        ...['--enable-logging=stderr', `--log-net-log=${log}`, '--net-log-capture-mode=Everything'],
        // What the browser itself would fetch.
        ...['--disable-background-networking', '--disable-component-update', '--no-first-run'],
        ...['--dump-dom', `file://${file}`],
      ],
      { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
    );
    const net = await readFile(log, 'utf8');
    const urls = [...net.matchAll(/"url":"([^"]+)"/g)].map((match) => match[1] ?? '');
    return {
      dom: stdout,
      console: stderr.split('\n').filter((line) => line.includes('CONSOLE')),
      requests: [...new Set(urls)].filter((url) => !isOfBrowser(url) && url !== `file://${file}`),
    };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Chromium asks after itself even so: updates, accounts, certificates. */
function isOfBrowser(url: string): boolean {
  return /^(?:chrome|chrome-extension|devtools):|^https?:\/\/[\w.-]+\.(?:google|googleapis|gvt1|gstatic)\.com\b/.test(
    url,
  );
}
