import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError, orAborted } from './abort.ts';
import { startDeadline } from './deadline.ts';
import { ClosedBeforeBannerError } from './early-close.ts';
import { placeOf } from './openssh-settings.ts';
import type { Dialling } from './target.ts';
import { codeOf, hostPort, messageOf, printable, seconds } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Where to, and how. */
export interface DialAddress {
  readonly host: string;
  readonly port: number;
  readonly dialling?: Dialling;
  /** Where the OpenSSH configuration sets something: `file:line` by keyword. */
  readonly places?: Readonly<Record<string, string>>;
}

/** What the socket is bound to; null: anything. */
interface Origin {
  readonly from: string | null;
  readonly family: Dialling['family'];
}

const pauseMs = 1_000;

/** Linux asks for a neighbour three times, a second apart (arp(7): mcast_solicit, retrans_time). */
const neighbourMs = 3_000;
const plainly: Dialling = { family: 'any', bindAddress: null, attempts: 1 };

/**
 * Opens a TCP connection without Nagle's delay, with as many attempts as are wanted.
 * Rejects with `ConnectionError`: `network`, `timeout`, `config` or `aborted`.
 */
export async function dial(
  address: DialAddress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const label = hostPort(address.host, address.port);
  const { dialling = plainly } = address;
  const version = isIP(address.host);
  const family = familyNumber(dialling.family);
  if (version !== 0 && family !== 0 && family !== version) {
    throw new ConnectionError(
      'config',
      `${address.host} is no address of AddressFamily ${dialling.family}`,
      { hint: `it is set in ${placeOf(address, 'AddressFamily')}` },
    );
  }
  const from = await localAddress(dialling, placeOf(address, 'BindAddress'));
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dialTwice(address, { from, family: dialling.family }, timeoutMs, signal);
    } catch (error) {
      const isLast = attempt >= dialling.attempts;
      if (isLast || !(error instanceof ConnectionError) || error.reason === 'aborted') throw error;
    }
    await orAborted(sleep(pauseMs), signal, label);
  }
}

/** What the socket is bound to. A name stands for its first address, as with ssh. */
async function localAddress(
  { bindAddress, family }: Dialling,
  place: string,
): Promise<string | null> {
  if (bindAddress === null || isIP(bindAddress) !== 0) return bindAddress;
  try {
    return (await lookup(bindAddress, { family: familyNumber(family) })).address;
  } catch {
    throw new ConnectionError('config', `BindAddress ${bindAddress} has no address`, {
      hint: `it is set in ${place}`,
    });
  }
}

function familyNumber(family: Dialling['family']): 0 | 4 | 6 {
  return family === 'inet' ? 4 : family === 'inet6' ? 6 : 0;
}

/** One that was asked for by others, perhaps before it was there, is asked for once more. */
async function dialTwice(
  address: DialAddress,
  origin: Origin,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const start = performance.now();
  try {
    return await dialOnce(address, origin, timeoutMs, signal);
  } catch (error) {
    const elapsedMs = performance.now() - start;
    if (elapsedMs >= timeoutMs || !isMissedNeighbour(error, elapsedMs)) throw error;
    return await dialOnce(address, origin, timeoutMs - elapsedMs, signal);
  }
}

/**
 * Whether a neighbour is missing before it was asked for three times: it was asked for by others, perhaps
 * before it was there. So it is with guests whose dom0 has just begun to lead to them.
 */
export function isMissedNeighbour(error: unknown, elapsedMs: number): boolean {
  const isMissing = error instanceof ConnectionError && codeOf(error.cause) === 'EHOSTUNREACH';
  return isMissing && elapsedMs < neighbourMs;
}

function dialOnce(
  address: DialAddress,
  { from, family }: Origin,
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
      // An address can be reached only from one of its own kind.
      family: from === null ? familyNumber(family) : isIP(from),
      ...(from === null ? {} : { localAddress: from }),
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
    const onError = (error: Error) => fail(dialError(error, address, label, timeoutMs));
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

function dialError(
  error: Error,
  address: DialAddress,
  label: string,
  timeoutMs: number,
): ConnectionError {
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return new ConnectionError('network', `connection refused by ${label}`, {
        hint: 'is the SSH server running, and is this its port?',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ENODATA':
      return new ConnectionError(
        'network',
        `no address is known for "${printable(address.host)}"`,
        {
          hint: "set the host's address in the inventory, or HostName in ~/.ssh/config",
        },
      );
    case 'EADDRNOTAVAIL':
      return new ConnectionError('config', `cannot connect to ${label} from that BindAddress`, {
        hint: `it is set in ${placeOf(address, 'BindAddress')}, and must be an address of this machine`,
      });
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new ConnectionError('network', `no route to ${label}`, { cause: error });
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
