import crypto from 'ssh2/lib/protocol/crypto.js';
import ssh2 from 'ssh2/package.json' with { type: 'json' };

/** The ssh2 that connects, and whether its ciphers are native: they are built when it is installed. */
export const ssh2Build: { readonly version: string; readonly isNative: boolean } = {
  version: ssh2.version,
  isNative: crypto.bindingAvailable,
};
