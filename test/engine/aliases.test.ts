import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from './playbook-on-local-host.ts';

const site = playbookOnLocalHost();
const at = (name: string) => join(site.directory, name);
const content = (name: string) => readFileSync(at(name), 'utf8');

describe('a path that symbolic links are in', () => {
  test('is known by its other names, too', async () => {
    mkdirSync(at('run'));
    symlinkSync('run', at('var-run'));
    const rest = `
tasks:
  - lineinfile: { path: DIR/var-run/conf, line: a = 1, create: true }
  - lineinfile: { path: DIR/run/conf, line: b = 2 }
  - lineinfile: { path: DIR/var-run//conf, line: c = 3, insertbefore: BOF }
  - lineinfile: { path: DIR/run/../run/conf, line: d = 4 }
`;
    expect(await site.runThrice(rest)).toEqual(Array(4).fill('lineinfile changed'));
    expect(content('run/conf')).toBe('c = 3\na = 1\nb = 2\nd = 4\n');
  });

  test('is written through a link, and read where that leads', async () => {
    writeFileSync(at('real'), 'old\n');
    symlinkSync('real', at('link'));
    const lines = await site.runThrice(`
tasks:
  - lineinfile: { path: DIR/link, line: new }
  - lineinfile: { path: DIR/real, line: more }
`);
    expect(lines).toEqual(['lineinfile changed', 'lineinfile changed']);
    expect(content('link')).toBe('old\nnew\nmore\n');
  });

  test('costs nothing more where no two names are of one thing', async () => {
    mkdirSync(at('run'));
    symlinkSync('run', at('var-run'));
    const { lines, programs } = await site.run(`
tasks:
  - copy: { content: a, dest: DIR/var-run/a }
  - copy: { content: b, dest: DIR/run/b }
  - file: { path: DIR/var-run/c, state: directory }
`);
    expect(lines).toEqual(['copy changed', 'copy changed', 'file changed']);
    expect(programs).toBe(2);
  });
});
