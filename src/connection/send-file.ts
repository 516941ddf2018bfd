import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { codeOf, messageOf } from './text.ts';

/** Two of these are held: one is filled while the other is sent. */
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
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    let [buffer, other] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
    let sending = Promise.resolve();
    for (let left = size; left > 0; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(left, chunkBytes));
      await sending;
      onProgress();
      if (signal.aborted || !input.writable) return null;
      if (bytesRead === 0) return `${path} is smaller than it was`;
      sending = written(buffer.subarray(0, bytesRead), input, signal);
      left -= bytesRead;
      [buffer, other] = [other, buffer];
    }
    await sending;
    return null;
  } catch (error) {
    return `${path} can't be read: ${codeOf(error) ?? messageOf(error)}`;
  } finally {
    await file?.close().catch(() => {});
  }
}

/** Reads a file of this machine piece by piece; null: all of it, else why not. Never rejects. */
export async function eachPiece(
  path: string,
  take: (piece: Buffer) => void,
): Promise<string | null> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: chunkBytes })) take(piece);
    return null;
  } catch (error) {
    return `${path} can't be read: ${codeOf(error) ?? messageOf(error)}`;
  }
}

/** Resolves when the bytes are on their way, or never will be. */
function written(bytes: Buffer, input: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      signal.removeEventListener('abort', go);
      resolve();
    };
    signal.addEventListener('abort', go, { once: true });
    input.write(bytes, go);
  });
}
