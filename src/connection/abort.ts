import { ConnectionError } from './transport.ts';

/** The error of a connection attempt that its caller gave up. */
export function abortedError(label: string): ConnectionError {
  return new ConnectionError('aborted', `connecting to ${label} was interrupted`);
}

/** Rejects with `abortedError` as soon as `signal` aborts; `promise` itself goes on. */
export async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  label: string,
): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    throw abortedError(label);
  }
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(label));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
