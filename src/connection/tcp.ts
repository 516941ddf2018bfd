import { connect, isIP, type Socket } from 'node:net';
import { abortedError } from './abort.ts';
import { startDeadline } from './deadline.ts';
import { ClosedBeforeBannerError } from './early-close.ts';
import { codeOf, hostPort, messageOf, printable, seconds } from './text.ts';
import { ConnectionError } from './transport.ts';

/**
 * Opens a TCP connection without Nagle's delay.
 * Rejects with `ConnectionError`: `network`, `timeout` or `aborted`.
 */
export function dial(
  address: { readonly host: string; readonly port: number },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const label = hostPort(address.host, address.port);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError(label));
      return;
    }
    const socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      // Node gives each of several addresses a quarter of a second: too little over a far link.
      autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(timeoutMs / 3)),
    });
    const finish = () => {
      deadline.clear();
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
    };
    const fail = (error: ConnectionError) => {
      finish();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error) => fail(dialError(error, address.host, label, timeoutMs));
    const onAbort = () => fail(abortedError(label));
    let hasAddress = isIP(address.host) !== 0;
    const deadline = startDeadline(timeoutMs, () =>
      fail(hasAddress ? noAnswer(label, timeoutMs) : noName(address.host, timeoutMs)),
    );
    socket.once('lookup', () => {
      hasAddress = true;
    });
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError);
    socket.once('connect', () => {
      finish();
      resolve(socket);
    });
  });
}

function noAnswer(label: string, timeoutMs: number): ConnectionError {
  return new ConnectionError('timeout', `no answer from ${label} in ${seconds(timeoutMs)}`);
}

function noName(host: string, timeoutMs: number): ConnectionError {
  return new ConnectionError(
    'timeout',
    `no address was found for "${printable(host)}" in ${seconds(timeoutMs)}`,
    { hint: "the name server does not answer: set the host's address in the inventory" },
  );
}

function dialError(error: Error, host: string, label: string, timeoutMs: number): ConnectionError {
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return new ConnectionError('network', `connection refused by ${label}`, {
        hint: 'is the SSH server running, and is this its port?',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ENODATA':
      return new ConnectionError('network', `no address is known for "${printable(host)}"`, {
        hint: "set the host's address in the inventory, or HostName in ~/.ssh/config",
      });
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new ConnectionError('network', `no route to ${label}`);
    case 'ECONNRESET':
      return new ClosedBeforeBannerError(label, '', error);
    case 'ETIMEDOUT':
      return noAnswer(label, timeoutMs);
    default:
      return new ConnectionError('network', `cannot connect to ${label}: ${messageOf(error)}`, {
        cause: error,
      });
  }
}
