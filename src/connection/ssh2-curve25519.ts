import { Curve25519 } from './curve25519.ts';
import { hasFunctions } from './ssh2-internals.ts';
import { messageOf } from './text.ts';

/** What is used of an exchange of ssh2 1.17 on Curve25519. */
interface CurveExchange {
  /** Called often. */
  generateKeys(): void;
  getPublicKey(): Buffer;
  /** Gives an `mpint` without its length; an error is returned. */
  computeSecret(theirs: Buffer): Buffer | Error;
}

/** Has an exchange done by `Curve25519`; one of an ssh2 that is not as it is known here stays as it is. */
export function quickenCurve25519(exchange: unknown): void {
  if (!isCurveExchange(exchange)) return;
  let made: Curve25519 | null = null;
  const ours = (): Curve25519 => {
    made ??= new Curve25519();
    return made;
  };
  exchange.generateKeys = () => void ours();
  exchange.getPublicKey = () => ours().publicValue;
  exchange.computeSecret = (theirs) => {
    try {
      return mpint(ours().secretWith(theirs));
    } catch (error) {
      return new Error(messageOf(error));
    }
  };
}

function isCurveExchange(value: unknown): value is CurveExchange {
  return hasFunctions(value, 'generateKeys', 'getPublicKey', 'computeSecret', 'convertPublicKey');
}

/** The bytes of a positive number, as short as they may be (RFC 4251, 5). */
function mpint(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(start);
  return (short[0] ?? 0) >= 128 ? Buffer.concat([Buffer.alloc(1), short]) : short;
}
