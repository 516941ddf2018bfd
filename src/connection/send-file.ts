import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { codeOf, messageOf } from './text.ts';

/** Large reads cost few turns of the loop; two of these are held at a time. */
const chunkBytes = 262_144;

/**
 * Writes the first `size` bytes of a file of this machine to the input of a command, as fast as that
 * takes them. null: all was written; else why not, in words. Ends early, with null, when the input is
 * closed or `signal` aborts: whoever did that knows why. Never rejects.
 */
export async function sendFile(
  { path, size }: { readonly path: string; readonly size: number },
  input: Writable,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: () => void },
): Promise<string | null> {
  const file = createReadStream(path, { end: size - 1, highWaterMark: chunkBytes });
  let left = size;
  try {
    for await (const chunk of file) {
      if (signal.aborted || !input.writable) return null;
      left -= chunk.length;
      if (!input.write(chunk)) await drained(input, signal);
      onProgress();
    }
  } catch (error) {
    return `${path} cannot be read: ${codeOf(error) ?? messageOf(error)}`;
  }
  return left === 0 ? null : `${path} is smaller than it was`;
}

/** Resolves when the input takes more, or will not take any. */
function drained(input: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      input.off('drain', go);
      input.off('close', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    input.once('drain', go);
    input.once('close', go);
    signal.addEventListener('abort', go, { once: true });
    if (signal.aborted || input.destroyed) go();
  });
}
