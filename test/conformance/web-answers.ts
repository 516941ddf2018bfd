import type { IncomingMessage, ServerResponse } from 'node:http';

const page = 'a page\n';

/**
 * What the playbooks' web server answers: `/page`; `/status/N`, that status; `/moved`, where the page is; `/locked`, the
 * page for ann with her password; `/echo`, the request as JSON.
 */
export function answerAsAsked(
  { method = '', url = '', headers }: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  // each answer is the same in each run
  response.sendDate = false;
  const answer = (status: number, text: string, more: Readonly<Record<string, string>> = {}) => {
    response
      .writeHead(status, { Connection: 'close', 'Content-Length': text.length, ...more })
      .end(text);
  };
  const json = { 'Content-Type': 'application/json' };
  const [, status] = /^\/status\/(\d{3})$/.exec(url) ?? [];
  const isAnn = headers.authorization === `Basic ${Buffer.from('ann:secret').toString('base64')}`;
  if (status !== undefined) answer(Number(status), `${status}\n`);
  else if (url === '/moved') answer(302, '', { Location: '/page' });
  else if (url === '/locked' && !isAnn) {
    answer(401, 'who?\n', { 'WWW-Authenticate': 'Basic realm="x"' });
  } else if (url === '/echo') {
    const { 'content-type': type = '', 'x-color': color = '' } = headers;
    answer(200, JSON.stringify({ method, type, color, body }), json);
  } else answer(200, page);
}
