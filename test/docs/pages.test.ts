import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { type Fence, type Page, readPages, root } from './markdown.ts';

const { PATH = '' } = process.env;
const pages = await readPages();

const fencesWith = (...infos: readonly string[]): [string, Fence][] =>
  pages.flatMap(({ path, fences }) =>
    fences
      .filter(({ info }) => infos.includes(info))
      .map((fence): [string, Fence] => [`${path}:${fence.line}`, fence]),
  );

/** What the first line of a YAML block says it is: `# inventory.yaml`, `# playbooks/vif-route.yaml`. */
function fileOf({ text }: Fence): string {
  return /^# ((?:\w+\/)?[\w-]+\.yaml)\n/.exec(text)?.[1] ?? '';
}

describe('YAML blocks', () => {
  test.each(fencesWith('yaml'))('%s is an inventory or a playbook, and loads', async (_, fence) => {
    const file = fileOf(fence);
    if (file.startsWith('inventory')) {
      const inventory = await loadInventory({ argument: '-', stdin: fence.text });
      expect(inventory.hosts.size).toBeGreaterThan(0);
    } else {
      expect(file).toMatch(/^playbook/);
      const parsed = parseYaml(fence.text, file, { takesSecrets: true });
      const playbook = parsed.ok ? parsePlaybook(parsed.value, file) : parsed;
      expect(playbook).toMatchObject({ ok: true });
    }
  });

  test.each(fencesWith('yaml').filter(([, fence]) => fileOf(fence).includes('/')))(
    '%s is the file that it names',
    async (_, fence) => {
      const file = await readFile(join(root, fileOf(fence)), 'utf8');

      const withoutHead = (text: string): string => text.replace(/^(?:#.*\n)+/, '');
      expect(withoutHead(fence.text)).toBe(withoutHead(file));
    },
  );

  test('the README shows the smallest inventory', () => {
    const files = fencesWith('yaml').map(
      ([place, fence]) => `${place.split(':')[0]} ${fileOf(fence)}`,
    );

    expect(files).toContain('README.md inventory/webserv.yaml');
  });
});

/** Commands that contact nobody: their output is the same everywhere. */
const localCommand = /^\$ xpush ((?:steps|inventory)\b.*|apply \S+ docs\/examples\/wrong\S+)$/;

describe('console blocks', () => {
  const sessions = fencesWith('console').flatMap(([place, { text }]) =>
    text
      .split(/^(?=\$ )/m)
      .filter((session) => localCommand.test(session.split('\n')[0] ?? ''))
      .map((session): [string, string] => [place, session]),
  );

  test.each(sessions)('%s shows what the command prints', (_, session) => {
    const [command = '', ...shown] = session.trimEnd().split('\n');
    const words = localCommand.exec(command)?.[1]?.split(' ') ?? [];
    const { stdout, stderr } = spawnSync(join(root, 'bin/xpush'), words, {
      cwd: root,
      encoding: 'utf8',
      env: { PATH },
    });

    expectShown(shown, `${stdout}${stderr}`);
  });

  test('there are some', () => {
    expect(sessions.length).toBeGreaterThan(5);
  });
});

/** `...` on a line of its own stands for any lines. */
function expectShown(shown: readonly string[], printed: string): void {
  const pattern = shown
    .map((line) => (line.trim() === '...' ? '(?:.*\n)*?' : `${escaped(line)}\n`))
    .join('');
  expect(printed).toMatch(new RegExp(`^${pattern}$`));
}

describe('code that is shown', () => {
  const textOf = (path: string): string => pages.find((page) => page.path === path)?.text ?? '';

  test('the step in CONTRIBUTING.md is the step', async () => {
    const source = await readFile(join(root, 'src/steps/rt-tables.ts'), 'utf8');

    const step = source.slice(source.indexOf('export const rtTables'));
    expect(textOf('CONTRIBUTING.md')).toContain(step);
  });

  test('docs/lab.md has the usage of the lab command', async () => {
    const source = await readFile(join(root, 'src/lab/main.ts'), 'utf8');
    const usage = /const USAGE = `([^`]+)`/.exec(source)?.[1];

    expect(textOf('docs/lab.md')).toContain(`\`\`\`text\n${usage}\`\`\``);
  });
});

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

describe('links', () => {
  const links = pages.flatMap((page) =>
    [...page.text.replace(/^```.*?^```$/gms, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target): [string, string, Page] => [page.path, target, page]),
  );

  test.each(links)('%s -> %s', (_, target, page) => {
    const [path = '', anchor] = target.split('#');
    const linked = path === '' ? page.path : join(dirname(page.path), path);

    expect(existsSync(join(root, linked)), `${linked} exists`).toBe(true);
    if (anchor !== undefined) {
      const anchors = pages
        .find((each) => each.path === linked)
        ?.headings.map((each) => each.anchor);
      expect(anchors).toContain(anchor);
    }
  });

  test('every page of docs/ is linked from docs/README.md', () => {
    const index = pages.find(({ path }) => path === 'docs/README.md')?.text ?? '';

    for (const { path } of pages.filter((page) => page.path.startsWith('docs/'))) {
      if (path !== 'docs/README.md') expect(index).toContain(`(${path.slice('docs/'.length)})`);
    }
  });
});
