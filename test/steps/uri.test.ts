import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { uri } from '../../src/steps/uri.ts';
import { answerIn } from '../../src/steps/web-answer.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';
import { webServer } from './web-server.ts';

const site = playbookOnLocalHost();
const web = webServer(({ url, method, headers }, response, body) => {
  if (url === '/moved') {
    response.writeHead(302, { location: '/json' }).end('elsewhere');
  } else if (url === '/json') {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'x-one': 'a' });
    response.end('{"a": [1, "zwei"], "__proto__": {"x": 1}}');
  } else if (url === '/echo') {
    const { authorization = '-', 'content-type': type = '-', 'x-tested': tested = '-' } = headers;
    response.writeHead(method === 'PUT' ? 201 : 200);
    response.end(`${method} ${authorization} ${type} ${tested} ${body}`);
  } else response.writeHead(404).end('nothing here');
});
beforeEach(() => {
  web.requests.length = 0;
});

/** What an expression comes to once the request was made. */
async function told(params: string, expression: string, check = false) {
  const { lines } = await site.run(
    `
tasks:
  - { name: ask, register: it, uri: { url: "${web.address}/${params} } }
  - { name: tell, debug: { msg: "{{ ${expression} }}" } }
`,
    { check },
  );
  return lines;
}

describe('uri', () => {
  test('asks while the host is looked at, in a check too', async () => {
    for (const check of [false, true]) {
      expect(await told('json"', 'it.json.a[1] ~ it.status ~ it.x_one', check)).toEqual([
        'ask ok',
        'tell ok: zwei200a',
      ]);
    }
  });

  test('follows where the server points to, if it may', async () => {
    expect(
      await told('moved", return_content: true', "it.redirected ~ ' ' ~ it.json.a[0]"),
    ).toEqual(['ask ok', 'tell ok: True 1']);
    const [, line] = await told(
      'moved", follow_redirects: none, status_code: 302, return_content: true',
      "it.location ~ ' ' ~ it.content",
    );
    expect(line).toBe(`tell ok: ${web.address}/json elsewhere`);
  });

  test('another status fails, and tells what came', async () => {
    const { lines } = await site.run(`
tasks:
  - { name: ask, register: it, uri: { url: "${web.address}/none" }, ignore_errors: true }
  - { name: tell, debug: { msg: "{{ it.status }} {{ it.content }}" } }
`);
    expect(lines[0]).toMatch(/its status is 404, not 200/);
    expect(lines[1]).toBe('tell ok: 404 nothing here');
  });

  test('what cannot be reached fails', async () => {
    const { lines } = await site.run('tasks: [{ uri: "http://127.0.0.1:1/" }]');
    expect(lines[0]).toMatch(/failed: GET http.*(refused|connect)/i);
  });

  test('what changes something is sent once, and not in a check', async () => {
    const body =
      'echo", method: POST, body_format: json, body: { a: [1, "@x"] }, return_content: true';
    const [first] = await told(body, 'it.content', true);
    expect(first).toMatch(/^ask unknown/);
    expect(web.requests).toEqual([]);
    const [sent, line] = await told(body, 'it.content');
    expect(sent).toMatch(/^ask changed/);
    expect(line).toBe('tell ok: POST - application/json - {"a":[1,"@x"]}');
    expect(web.requests).toEqual(['POST /echo']);
  });

  test('of what changes something too, another status fails', async () => {
    const [failed] = await told('echo", method: PUT, body: "@/etc/hostname"', 'it');
    expect(failed).toMatch(/^ask failed/);
    const [, line] = await told(
      'echo", method: PUT, status_code: [200, 201], body: "@/etc/hostname", return_content: true',
      "it.status ~ ' ' ~ it.content",
    );
    expect(line).toMatch(/^tell ok: 201 PUT .* @\/etc\/hostname$/);
  });

  test('sends headers, names and forms', async () => {
    const [, line] = await told(
      'echo", method: POST, changes: never, return_content: true, url_username: me, url_password: "a\\"b", headers: { X-Tested: "q\\\\ \\"r" }, body_format: form-urlencoded, body: { a: 1, b: "x y" }',
      'it.content',
    );
    const basic = Buffer.from('me:a"b').toString('base64');
    expect(line).toBe(
      `tell ok: POST Basic ${basic} application/x-www-form-urlencoded q\\ "r a=1&b=x+y`,
    );
  });

  test('is done again until it is well', async () => {
    const { lines } = await site.run(`
tasks:
  - uri: { url: "${web.address}/none" }
    register: it
    until: it.status == 200
    retries: 2
    delay: 0
`);
    expect(lines[0]).toMatch(/^uri failed/);
    expect(web.requests).toHaveLength(3);
  });

  test.each<[object, RegExp]>([
    [{ url: 'ftp://a/' }, /begins with http/],
    [{ url: 'http://a b/' }, /no blanks/],
    [{ method: 'GET /' }, /not a method/],
    [{ body: { a: 1 } }, /needs a "body_format"/],
    [{ body: [1], body_format: 'form-urlencoded' }, /a form is a map/],
    [{ headers: { 'a b': 'c' } }, /name of a header/],
    [{ headers: { a: 'c\nd' } }, /one line/],
    [{ status_code: 20 }, /number/],
  ])('refuses %j', (params, message) => {
    expect(complaints(uri, { url: 'http://a/', ...params }).join('\n')).toMatch(message);
  });
});

describe('answerIn', () => {
  const tail = (code: number, redirects = 0) => `\n${code} ${redirects} http://a/`;

  test('of several answers the last counts', () => {
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA-B: c\r\n\r\nHTTP/1.1 500 in the text${tail(200)}`;
    expect(answerIn(text)).toMatchObject({
      status: 200,
      headers: { a_b: 'c' },
      content: 'HTTP/1.1 500 in the text',
    });
  });

  test('nothing else is one', () => {
    expect(answerIn('')).toBeNull();
    expect(answerIn(`${tail(0).replace(' 0', '000 0')}`)).toBeNull();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(999), fc.nat(9), (text, code, redirects) => {
        const all = `HTTP/1.1 ${code}\r\nContent-Type: x/json\r\n\r\n${text}${tail(code, redirects)}`;
        answerIn(all);
        answerIn(text);
      }),
    );
  });
});
