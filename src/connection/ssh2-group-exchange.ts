import { DhExchange } from './dh-group.ts';
import { has, hasFunctions } from './ssh2-internals.ts';
import { messageOf } from './text.ts';

/** What is used of an exchange of ssh2 1.17 in a group that the server names (RFC 4419). */
interface GroupExchange {
  /** How many bits are asked for. */
  _prefBits: number;
  /** Our public value. */
  _public: Buffer | null;
  setDHParams(prime: Buffer, generator: Buffer): void;
  /** Called often. */
  generateKeys(): void;
  /** Gives an `mpint`; an error is returned. */
  computeSecret(theirs: Buffer): Buffer | Error;
  /** In the form of `mpint`. */
  getDHParams(): { readonly prime: Buffer; readonly generator: Buffer } | undefined;
  convertPublicKey(unsigned: Buffer): Buffer;
}

/** As much as `diffie-hellman-group16`, which is enough for any cipher; ssh2 asks for 8192 with AES-256. */
const usualPrimeBits = 4096;

/** Has an exchange done by `DhExchange`. Throws when it is not as it is known here: what it costs is not known then. */
export function limitGroupExchange(exchange: unknown): void {
  if (!isGroupExchange(exchange)) throw new Error('this ssh2 exchanges groups in an unknown way');
  let group: { readonly prime: Buffer; readonly generator: Buffer } | null = null;
  let ours: DhExchange | null = null;
  exchange._prefBits = Math.min(exchange._prefBits, usualPrimeBits);
  exchange.setDHParams = (prime, generator) => {
    ours = new DhExchange(prime, generator);
    exchange._public = ours.publicValue;
    group = {
      prime: exchange.convertPublicKey(prime),
      generator: exchange.convertPublicKey(generator),
    };
  };
  exchange.generateKeys = () => {};
  exchange.computeSecret = (theirs) => {
    if (ours === null) return new Error('the server named no group');
    try {
      return exchange.convertPublicKey(ours.secretWith(theirs));
    } catch (error) {
      return new Error(messageOf(error));
    }
  };
  exchange.getDHParams = () => group ?? undefined;
}

function isGroupExchange(value: unknown): value is GroupExchange {
  return (
    has(value, '_prefBits', '_public', '_dh') &&
    typeof value._prefBits === 'number' &&
    hasFunctions(value, 'setDHParams', 'generateKeys', 'computeSecret', 'getDHParams') &&
    hasFunctions(value, 'convertPublicKey', 'getPublicKey', 'parse')
  );
}
