import { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import { Ssh2Internals } from './ssh2-internals.ts';

/**
 * Whether the ssh2 that is installed is as it is known here inside, as far as it shows without a server:
 * where it is not, logins are not sent ahead, and take more round trips. Connects to nobody.
 */
export function isSsh2Known(): boolean {
  const nowhere = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const client = new ssh2.Client();
  client.on('error', () => {});
  try {
    client.connect({
      sock: nowhere,
      username: 'nobody',
      hostVerifier: () => false,
      readyTimeout: 0,
    });
    return Ssh2Internals.areThere(client);
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}
