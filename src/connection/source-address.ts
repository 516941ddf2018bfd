import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** The address of this machine that packets to a numeric address leave with; null: it has no way there. Sends nothing. */
export function sourceAddress(to: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4');
    const end = (address: string | null): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => end(null));
    socket.once('connect', () => end(socket.address().address));
    socket.connect(discardPort, to);
  });
}

/** Any will do: a UDP socket that is connected has sent nothing yet. */
const discardPort = 9;
