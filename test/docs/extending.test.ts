import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { legOptions } from '../engine/leg-options.ts';
import { localHost } from '../engine/local-host.ts';
import { readPage, root } from './markdown.ts';

const example = join(root, 'docs', 'examples', 'own-steps');
const page = await readPage(join(root, 'docs', 'extending.md'));

test.each(['steps/login-banner.ts', 'steps/disk-room.js', 'site.yaml'])(
  'docs/extending.md shows %s',
  (file) => {
    const shown = page.fences.map(({ text }) => text);

    expect(shown).toContain(readFileSync(join(example, file), 'utf8'));
  },
);

describe('the example of docs/extending.md', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'xpush-extending-'));
    cpSync(example, directory, { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs the example, with its banner in the directory; each task that ended. */
  async function run(site: string, check = false): Promise<readonly string[]> {
    const file = join(directory, 'site.yaml');
    writeFileSync(file, site);
    const inventory = await loadInventory({ argument: join(directory, 'inventory.yaml') });
    const [play] = loadPlaybooks([file]).flatMap(({ plays }) => plays);
    const host = inventory.hosts.get('web1');
    if (play === undefined || host === undefined) throw new Error('no play or no host');
    const events: RunEvent[] = [];
    await runLeg(
      { host, tasks: play.tasks.map((task) => ({ play, task })), after: [] },
      { ...legOptions(inventory, events), check },
      localHost().connect,
    );
    return events.flatMap((event) =>
      event.event === 'task' ? [`${event.task} ${event.status}: ${event.message ?? ''}`] : [],
    );
  }

  const site = (): string =>
    readFileSync(join(example, 'site.yaml'), 'utf8')
      .replace(/login_banner: (".*")/, `login_banner: { text: $1, path: ${directory}/banner }`)
      .replace('path: /var', `path: ${directory}`);

  test('is checked, applied, and finds nothing to do then', async () => {
    const checked = await run(site(), true);
    const applied = await run(site());
    const again = await run(site());

    expect(checked[0]).toBe('What sshd shows before a login changed: ');
    expect(applied[0]).toEqual(checked[0]);
    expect(checked[2]).toMatch(/^debug ok: \d+ MB are free$/);
    expect(again[0]).toBe('What sshd shows before a login ok: ');
    expect(again[2]).toMatch(/^debug ok: \d+ MB are free$/);
    const banner = readFileSync(join(directory, 'banner'), 'utf8');
    expect(banner.split('\n')[1]).toBe('* web1 in Hamburg: authorised users only *');
  });

  test('a step that throws fails its task, with its line', async () => {
    const file = join(directory, 'steps', 'login-banner.ts');
    const code = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      code.replace("banner.type === 'directory'", "(banner as any).no.type === ''"),
    );
    const line = code.split('\n').findIndex((text) => text.includes("'directory'")) + 1;

    const [first, second] = await run(site());

    expect(first).toMatch(
      new RegExp(`failed: ${file}:${line}: TypeError: Cannot read properties of undefined`),
    );
    expect(second).toMatch(/skipped/);
  });
});
