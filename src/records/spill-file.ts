import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes that wait on disk until they are closed. */
export interface SpilledBytes {
  /** Gives where they begin. Throws what the file system says; another time it may go. */
  append(bytes: Buffer): Promise<number>;
  /** Reads `length` bytes from the byte `at` on. Throws when there are fewer. */
  read(at: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * A file of this process only: it has no name, so that nothing is left of it however the process ends. It
 * is made in `directory`, which must be there by then, with the first bytes.
 */
export function spillFile(directory: string): SpilledBytes {
  let opening: Promise<FileHandle> | null = null;
  let size = 0;
  return {
    async append(bytes) {
      opening ??= openNameless(directory).catch((error: unknown) => {
        opening = null; // its directory may be on its way
        throw error;
      });
      const file = await opening;
      const at = size;
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
      size += bytes.length;
      return at;
    },

    async read(at, length) {
      const file = await opening;
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const left = { offset: done, length: length - done, position: at + done };
        const { bytesRead } = (await file?.read(bytes, left)) ?? { bytesRead: 0 };
        if (bytesRead === 0) throw new Error('what was put away on disk is gone');
        done += bytesRead;
      }
      return bytes;
    },

    async close() {
      const file = await opening?.catch(() => null);
      await file?.close();
    },
  };
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `spill-${randomBytes(6).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
