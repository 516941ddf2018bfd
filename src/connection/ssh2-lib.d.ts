/** What ssh2 1.17 knows of itself; its type declarations lack it. */
declare module 'ssh2/lib/protocol/crypto.js' {
  const crypto: { readonly bindingAvailable: boolean };
  export = crypto;
}
