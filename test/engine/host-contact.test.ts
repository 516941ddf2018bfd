import { describe, expect, test } from 'vitest';
import { type Connection, ConnectionError } from '../../src/connection/transport.ts';
import { HostContact } from '../../src/engine/host-contact.ts';
import { LostError } from '../../src/engine/lost-error.ts';
import { localHost } from './local-host.ts';

const never = new AbortController().signal;

const soon = (ms: number): number => performance.now() + ms;

describe('HostContact', () => {
  test('keeps its shell until it is left, and then makes a new connection', async () => {
    const host = localHost();
    const contact = new HostContact(host.connect, never);

    const first = await contact.shell(never);
    const second = await contact.shell(never);
    contact.leave();
    const third = await contact.shell(never);

    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(host.connections).toBe(2);
    first.end();
    third.end();
  });

  test('comes back over a new connection, as often as it takes', async () => {
    const host = localHost();
    let refusals = 2;
    const contact = new HostContact(async () => {
      if (refusals-- > 0) throw new ConnectionError('network', 'connection refused');
      return await host.connect();
    }, never);
    await contact.shell(never).catch(() => {});
    let asked = 0;

    const answer = await contact.comeBack(soon(10_000), async (shell) => {
      asked += 1;
      shell.end();
      if (asked === 1) throw new LostError('cut');
      return 'there';
    });

    expect(answer).toBe('there');
    expect(host.connections).toBe(2);
    expect(contact.why).toBe('cut');
  });

  test('gives up when its time is over, and knows why it got nowhere', async () => {
    const contact = new HostContact(
      () => Promise.reject(new ConnectionError('network', 'no route to host')),
      never,
    );
    const until = soon(400);

    expect(await contact.comeBack(until, async () => 'there')).toBeNull();
    expect(performance.now()).toBeGreaterThanOrEqual(until - 1);
    expect(contact.why).toBe('no route to host');
  });

  test('an attempt that hangs ends with the time that there is', async () => {
    const contact = new HostContact(
      (signal) =>
        new Promise<Connection>((_resolve, reject) => {
          signal.addEventListener('abort', () =>
            reject(new ConnectionError('aborted', 'connecting was interrupted')),
          );
        }),
      never,
    );

    expect(await contact.comeBack(soon(200), async () => 'there')).toBeNull();
    expect(contact.why).toBe('no answer');
  });

  test('does not knock again where it is refused: that would have it locked out', async () => {
    let attempts = 0;
    const contact = new HostContact(() => {
      attempts += 1;
      return Promise.reject(new ConnectionError('authentication', 'permission denied'));
    }, never);

    expect(await contact.comeBack(soon(10_000), async () => 'there')).toBeNull();
    expect(attempts).toBe(1);
  });

  test('when the operator leaves, nothing is tried any more', async () => {
    const leaving = new AbortController();
    const contact = new HostContact(() => {
      leaving.abort();
      return Promise.reject(new ConnectionError('network', 'no route to host'));
    }, leaving.signal);

    await expect(contact.comeBack(soon(10_000), async () => 'there')).rejects.toThrow(/abort/i);
  });
});
