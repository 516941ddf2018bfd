import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { getUrl } from '../../src/steps/get-url.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';
import { webServer } from './web-server.ts';

const site = playbookOnLocalHost();
const { at } = site;
const text = 'a tool\n'.repeat(60_000);
const sum = createHash('sha256').update(text).digest('hex');
const web = webServer(({ url, headers }, response) => {
  if (url === '/closed/tool' && headers.authorization !== 'Bearer t') response.writeHead(403).end();
  else if (url === '/moved') response.writeHead(301, { location: '/tool' }).end();
  else if (url?.endsWith('/tool')) response.end(text);
  else response.writeHead(404).end('no');
});
beforeEach(() => {
  web.requests.length = 0;
});

const task = (params: string) => `tasks: [{ get_url: { url: "${web.address}/${params} } }]`;

describe('get_url', () => {
  test('downloads once, as foretold, with its mode', async () => {
    mkdirSync(at('bin'));
    const lines = await site.runThrice(
      task(`tool", dest: DIR/bin/, checksum: "sha256:${sum}", mode: "0755"`),
    );
    expect(lines).toEqual(['get_url changed']);
    expect(readFileSync(at('bin/tool'), 'utf8')).toBe(text);
    expect(statSync(at('bin/tool')).mode & 0o7777).toBe(0o755);
    expect(web.requests).toEqual(['GET /tool']);
  });

  test('what is not what it must be is not put in place', async () => {
    writeFileSync(at('tool'), 'old');
    const wrong = sum.replace(/^./, (one) => (one === '0' ? '1' : '0'));
    const { lines } = await site.run(task(`tool", dest: DIR/tool, checksum: "sha256:${wrong}"`));
    expect(lines[0]).toMatch(/its sha256 checksum is .*nothing was put in place/);
    expect(readFileSync(at('tool'), 'utf8')).toBe('old');
    expect(readdirSync(site.directory).filter((name) => name !== 'site.yaml')).toEqual(['tool']);
  });

  test('a file that is another is replaced, behind a link too, and keeps its mode', async () => {
    writeFileSync(at('real'), 'old', { mode: 0o640 });
    symlinkSync('real', at('tool'));
    await site.runThrice(task(`moved", dest: DIR/tool, checksum: "sha256:${sum}"`));
    expect(readFileSync(at('real'), 'utf8')).toBe(text);
    expect(statSync(at('real')).mode & 0o7777).toBe(0o640);
  });

  test('without a checksum it is downloaded where nothing is, and said so', async () => {
    const lines = await site.runThrice(task('tool", dest: DIR/tool'));
    expect(lines[0]).toMatch(/^get_url changed: no checksum/);
    expect(web.requests).toHaveLength(1);
    await site.run(task('tool", dest: DIR/tool, force: true'));
    expect(web.requests).toHaveLength(2);
  });

  test('sends headers, which no command line shows', async () => {
    const failed = await site.run(task('closed/tool", dest: DIR/tool'));
    expect(failed.lines[0]).toMatch(/failed: .*403/s);
    const { lines } = await site.run(
      task('closed/tool", dest: DIR/tool, headers: { Authorization: Bearer t }'),
    );
    expect(lines[0]).toMatch(/^get_url changed/);
  });

  test('only the mode changes where the content is right', async () => {
    writeFileSync(at('tool'), text, { mode: 0o600 });
    await site.runThrice(task(`tool", dest: DIR/tool, checksum: "sha256:${sum}", mode: "0700"`));
    expect(web.requests).toEqual([]);
    expect(statSync(at('tool')).mode & 0o7777).toBe(0o700);
  });

  test('a missing directory is said before anything is done', async () => {
    const { lines } = await site.run(task('tool", dest: DIR/none/tool'));
    expect(lines[0]).toMatch(/there is no directory for/);
  });

  test.each<[object, RegExp]>([
    [{ checksum: 'sha256:12' }, /a checksum is/],
    [{ checksum: 'crc:12' }, /a checksum is/],
    [{ url: '/a' }, /begins with/],
    [{ dest: 'a' }, /begins with "\/"/],
  ])('refuses %j', (params, message) => {
    expect(complaints(getUrl, { url: 'http://a/b', dest: '/b', ...params }).join('\n')).toMatch(
      message,
    );
  });
});
