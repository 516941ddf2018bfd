import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** A web server on the loopback, for a test file. */
export interface WebServer {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** Each request as `METHOD PATH`, in order. */
  readonly requests: string[];
}

/** @param answer what a request gets; `body`: what came with it */
export function webServer(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): WebServer {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => answer(request, response, Buffer.concat(parts).toString()));
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    requests,
    get address() {
      return `http://127.0.0.1:${port}`;
    },
  };
}
