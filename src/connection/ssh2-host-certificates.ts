import type { Client } from 'ssh2';
import type { PublicKey } from './public-key.ts';
import { has, hasFunctions } from './ssh2-internals.ts';

/** What a key exchange offers, and one that is under way, as far as they are used here. */
interface Exchanging {
  _offer: Offer;
  readonly _kex: { readonly negotiated: { serverHostKey: string }; readonly _hostKey: Buffer };
}

/** Lists of algorithms; `constructor` makes it of such lists. */
interface Offer {
  readonly lists: {
    readonly kex: List;
    readonly serverHostKey: List;
    readonly cs: Direction;
    readonly sc: Direction;
  };
  readonly constructor: new (lists: unknown) => Offer;
}

type Direction = Readonly<Record<'cipher' | 'mac' | 'compress' | 'lang', List>>;

interface List {
  readonly array: readonly string[];
}

/**
 * Has ssh2 ask for certificates of hosts before anything else; to be called right after `connect`, since
 * ssh2 knows none of them. Does nothing where ssh2 is not as it is known here.
 */
export function askForCertificates(client: Client, types: readonly string[]): void {
  const protocol: unknown = '_protocol' in client ? client._protocol : null;
  if (!hasOffer(protocol)) return;
  const { lists, constructor: KexInit } = protocol._offer;
  const plain = (direction: Direction) => ({
    cipher: direction.cipher.array,
    mac: direction.mac.array,
    compress: direction.compress.array,
    lang: direction.lang.array,
  });
  protocol._offer = new KexInit({
    kex: lists.kex.array,
    serverHostKey: [...types, ...lists.serverHostKey.array],
    cs: plain(lists.cs),
    sc: plain(lists.sc),
  });
}

/**
 * Has the exchange that is under way take its signature for one by `key`, of which the host has shown a
 * certificate; to be called when ssh2 asks whether that is the host's. ssh2 hashes what was shown, and
 * then verifies by it: the second time it finds the key. False where ssh2 is not as it is known here.
 */
export function verifyByKey(client: Client, key: PublicKey): boolean {
  const protocol: unknown = '_protocol' in client ? client._protocol : null;
  if (!hasExchange(protocol)) return false;
  const { _kex: exchange } = protocol;
  const shown = exchange._hostKey;
  let isHashed = false;
  Object.defineProperty(exchange, '_hostKey', {
    configurable: true,
    get: () => {
      const value = isHashed ? key.blob : shown;
      isHashed = true;
      return value;
    },
    // at the end it is let go of
    set: () => {},
  });
  exchange.negotiated.serverHostKey = key.type;
  return true;
}

function hasOffer(value: unknown): value is Exchanging {
  return (
    has(value, '_offer') &&
    has(value._offer, 'lists') &&
    hasFunctions(value._offer, 'constructor', 'copyAllTo') &&
    has(value._offer.lists, 'kex', 'serverHostKey', 'cs', 'sc') &&
    [value._offer.lists.kex, value._offer.lists.serverHostKey].every(isList) &&
    [value._offer.lists.cs, value._offer.lists.sc].every(
      (direction) =>
        has(direction, 'cipher', 'mac', 'compress', 'lang') &&
        [direction.cipher, direction.mac, direction.compress, direction.lang].every(isList),
    )
  );
}

function isList(value: unknown): boolean {
  return has(value, 'array') && Array.isArray(value.array);
}

function hasExchange(value: unknown): value is Exchanging {
  return (
    has(value, '_kex') &&
    has(value._kex, 'negotiated', '_hostKey') &&
    Buffer.isBuffer(value._kex._hostKey) &&
    has(value._kex.negotiated, 'serverHostKey')
  );
}
