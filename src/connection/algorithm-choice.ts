import { readAlgorithmList } from './algorithm-list.ts';
import { type OpensshSettings, placeOf } from './openssh-settings.ts';
import { spokenAlgorithms, usualAlgorithms } from './ssh2-algorithms.ts';
import type { AlgorithmChoice } from './target.ts';
import { ConnectionError } from './transport.ts';
import { verifiableAlgorithms } from './verify-signature.ts';

/**
 * The algorithms of a host: the user's lists as far as ssh2 speaks them, and for a `legacy` host what is
 * usual for such ones behind them. Throws `ConnectionError` (`config`) when a list leaves nothing.
 */
export function chooseAlgorithms(
  settings: Pick<
    OpensshSettings,
    'kexAlgorithms' | 'ciphers' | 'macs' | 'hostKeyAlgorithms' | 'places'
  >,
  legacy: boolean,
): AlgorithmChoice {
  const usual = usualAlgorithms(false);
  const spoken = spokenAlgorithms();
  const old = usualAlgorithms(legacy);
  const { kexAlgorithms, ciphers, macs, hostKeyAlgorithms } = settings;
  const asked = (keyword: string, list: string | undefined) => ({
    ...{ keyword, list },
    place: placeOf(settings, keyword),
  });
  return {
    kex: merge(asked('KexAlgorithms', kexAlgorithms), usual.kex, spoken.kex, old.kex),
    ciphers: merge(asked('Ciphers', ciphers), usual.ciphers, spoken.ciphers, old.ciphers),
    macs: merge(asked('MACs', macs), usual.macs, spoken.macs, old.macs),
    hostKeys: merge(
      asked('HostKeyAlgorithms', hostKeyAlgorithms),
      usual.hostKeys,
      spoken.hostKeys,
      old.hostKeys,
    ),
    hostCertificates:
      hostKeyAlgorithms === undefined
        ? hostCertificates
        : (readAlgorithmList(hostKeyAlgorithms, hostCertificates, hostCertificates) ?? []),
    isHostKeyOrderFixed: hostKeyAlgorithms !== undefined && !/^[+-]/.test(hostKeyAlgorithms),
  };
}

/** Signature algorithms of those who vouch for hosts; a list that ssh would refuse leaves none. */
export function chooseAuthoritySignatures(list: string | undefined): readonly string[] {
  const all = verifiableAlgorithms;
  return list === undefined ? all : (readAlgorithmList(list, all, all) ?? []);
}

/** Signature algorithms for the keys of users; a `legacy` host gets SHA-1 too. Throws as above. */
export function chooseSignatures(
  settings: Pick<OpensshSettings, 'pubkeyAcceptedAlgorithms' | 'places'>,
  legacy: boolean,
): readonly string[] {
  const keyword = 'PubkeyAcceptedAlgorithms';
  const list = settings.pubkeyAcceptedAlgorithms;
  const old = legacy ? [...signatures, ...weakSignatures] : signatures;
  const all = [...signatures, ...weakSignatures];
  return merge({ keyword, list, place: placeOf(settings, keyword) }, signatures, all, old);
}

/** What a user's list says, and where. */
interface Asked {
  readonly keyword: string;
  readonly list: string | undefined;
  readonly place: string;
}

function merge<T extends string>(
  { keyword, list, place }: Asked,
  usual: readonly T[],
  spoken: readonly T[],
  old: readonly T[],
): readonly T[] {
  if (list === undefined) return old;
  const wanted = readAlgorithmList(list, usual, spoken);
  if (wanted === null) {
    throw new ConnectionError('config', `${keyword} ${list} of ${place} is no list of algorithms`);
  }
  const all = [...new Set([...wanted, ...old.filter((name) => !usual.includes(name))])];
  if (all.length > 0) return all;
  throw new ConnectionError(
    'config',
    `${keyword} ${list} of ${place} leaves nothing that xpush speaks`,
    { hint: `it speaks ${spoken.join(', ')}; with \`transport: openssh\` ssh itself connects` },
  );
}

/** For RSA, ssh2 takes the types of key and of signature for one. */
const hostCertificates: readonly string[] = [
  'ssh-ed25519-cert-v01@openssh.com',
  'ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'ecdsa-sha2-nistp384-cert-v01@openssh.com',
  'ecdsa-sha2-nistp521-cert-v01@openssh.com',
];

const plain = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'];
const token = ['sk-ssh-ed25519', 'sk-ecdsa-sha2-nistp256'];
const rsa = ['rsa-sha2-512', 'rsa-sha2-256'];

/** As OpenSSH accepts them by default, in its order. */
const signatures: readonly string[] = [
  ...[...plain, ...token, ...rsa].map((name) => `${name}-cert-v01@openssh.com`),
  ...plain,
  ...token.map((name) => `${name}@openssh.com`),
  ...rsa,
];

const weakSignatures: readonly string[] = ['ssh-rsa', 'ssh-rsa-cert-v01@openssh.com'];
