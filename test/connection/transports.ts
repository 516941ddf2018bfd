import { createSsh2Transport } from '../../src/connection/index.ts';
import { createOpensshTransport } from '../../src/connection/openssh-transport.ts';

/** The transports that go by SSH, by name. */
export const transports = { ssh2: createSsh2Transport, openssh: createOpensshTransport };

/** For `describe.each`. */
export const transportNames = ['ssh2', 'openssh'] as const;
