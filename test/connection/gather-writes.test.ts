import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatherWrites } from '../../src/connection/gather-writes.ts';

/** A socket that keeps what leaves it, call by call. */
function recorder(): { readonly socket: Duplex; readonly left: Buffer[] } {
  const left: Buffer[] = [];
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      left.push(chunk);
      done();
    },
    writev: (chunks, done) => {
      left.push(Buffer.concat(chunks.map(({ chunk }) => chunk)));
      done();
    },
  });
  gatherWrites(socket);
  return { socket, left };
}

describe('gatherWrites', () => {
  test('all that is written in one turn leaves at once, in order, and nothing waits for another turn', async () => {
    const messages = fc.array(fc.array(fc.uint8Array({ minLength: 1 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(messages, async (turns) => {
        const { socket, left } = recorder();

        for (const turn of turns) {
          for (const message of turn) socket.write(message);
          await nextTurn();
        }

        const written = turns.map((turn) => Buffer.concat(turn)).filter(({ length }) => length > 0);
        expect(left).toEqual(written);
      }),
    );
  });

  test('what promises write that are kept in the same turn goes with the rest, and so does the end', async () => {
    const { socket, left } = recorder();
    await nextTurn();

    await Promise.resolve().then(() => socket.write('one '));
    await Promise.resolve().then(() => socket.write('two'));
    socket.end();

    expect(String(left)).toBe('one two');
  });

  test('who holds back more himself lets it go himself', async () => {
    const { socket, left } = recorder();

    socket.write('one ');
    socket.cork();
    await nextTurn();
    expect(left).toEqual([]);
    socket.write('two');
    socket.uncork();

    expect(String(left)).toBe('one two');
  });
});
