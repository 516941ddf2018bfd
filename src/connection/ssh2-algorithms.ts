import type {
  Algorithms,
  CipherAlgorithm,
  KexAlgorithm,
  MacAlgorithm,
  ServerHostKeyAlgorithm,
} from 'ssh2';

const kex: readonly KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  // Last, for one round trip more; its cost is bounded in ssh2-group-exchange.ts.
  'diffie-hellman-group-exchange-sha256',
];
const cipher: readonly CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  // Last, for servers without strict key exchange: Terrapin (CVE-2023-48795) cuts it, but none of the above.
  'chacha20-poly1305@openssh.com',
];
const mac: readonly MacAlgorithm[] = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
];
const hostKey: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** What `legacy_algorithms: true` adds for servers of the OpenSSH 4 and 5 age; all of it is weak. */
export const legacyAlgorithms = {
  kex: [
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group1-sha1',
  ],
  cipher: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  mac: ['hmac-sha1', 'hmac-sha1-96', 'hmac-md5'],
  hostKey: ['ssh-rsa', 'ssh-dss'],
} as const;

/** What else ssh2 speaks, for who asks for it by name. */
const onRequest: { readonly [List in keyof OfferedLists]: OfferedLists[List] } = {
  kex: ['diffie-hellman-group18-sha512'],
  ciphers: [],
  macs: ['hmac-sha1-etm@openssh.com', 'hmac-md5-96'],
  hostKeys: [],
};

/** What is offered in the key exchange, in order. */
export interface OfferedLists {
  readonly kex: readonly KexAlgorithm[];
  readonly ciphers: readonly CipherAlgorithm[];
  readonly macs: readonly MacAlgorithm[];
  readonly hostKeys: readonly ServerHostKeyAlgorithm[];
}

/** What is offered unless somebody asks for something else; `legacy` adds `legacyAlgorithms` at the end. */
export function usualAlgorithms(legacy: boolean): OfferedLists {
  const old = legacy ? legacyAlgorithms : null;
  return {
    kex: [...kex, ...(old?.kex ?? [])],
    ciphers: [...cipher, ...(old?.cipher ?? [])],
    macs: [...mac, ...(old?.mac ?? [])],
    hostKeys: [...hostKey, ...(old?.hostKey ?? [])],
  };
}

/** Everything that ssh2 can be asked for. */
export function spokenAlgorithms(): OfferedLists {
  const { kex, ciphers, macs, hostKeys } = usualAlgorithms(true);
  return {
    kex: [...kex, ...onRequest.kex],
    ciphers: [...ciphers, ...onRequest.ciphers],
    macs: [...macs, ...onRequest.macs],
    hostKeys: [...hostKeys, ...onRequest.hostKeys],
  };
}

/**
 * The lists in the words of ssh2. Host key algorithms of the types that are known for the host come
 * first, as in OpenSSH: else a host known by its RSA key would seem to have changed.
 */
export function offeredAlgorithms(
  lists: OfferedLists & { readonly isHostKeyOrderFixed: boolean },
  knownTypes: readonly string[],
): Algorithms {
  const isFirst = (algorithm: ServerHostKeyAlgorithm) =>
    !lists.isHostKeyOrderFixed && knownTypes.includes(keyTypeOf(algorithm));
  return {
    kex: [...lists.kex],
    cipher: [...lists.ciphers],
    hmac: [...lists.macs],
    serverHostKey: [
      ...lists.hostKeys.filter(isFirst),
      ...lists.hostKeys.filter((name) => !isFirst(name)),
    ],
    compress: ['none'],
  };
}

/** `rsa-sha2-256` and `-512` are ways to sign with an `ssh-rsa` key (RFC 8332). */
function keyTypeOf(algorithm: ServerHostKeyAlgorithm): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}
