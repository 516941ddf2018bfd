import ssh2, { type ParsedKey } from 'ssh2';
import type { WholeSigner } from './ssh2-internals.ts';
import { messageOf } from './text.ts';

const signers = new WeakMap<object, WholeSigner>();

/**
 * A key or certificate that ssh2 has no form for, such as one that only an agent can sign with, in the
 * form of one of its keys. `type` is the algorithm that it is offered by, `blob` is what is sent, and
 * `sign` gives whole signatures (RFC 4253, 6.6); it may throw.
 */
export function wideKey(
  { type, blob }: { readonly type: string; readonly blob: Buffer },
  sign: (data: Buffer, algorithm: string) => Buffer | Promise<Buffer>,
): ParsedKey {
  const key: ParsedKey = Object.create(standIn());
  let problem = new Error('nothing was signed');
  Object.defineProperties(key, {
    type: { value: type },
    isPrivateKey: { value: () => true },
    getPublicSSH: { value: () => blob },
    // asked after a signer has failed: ssh2 takes a returned Error for a refusal and goes on
    sign: { value: () => problem },
  });
  signers.set(key, async (data, algorithm) => {
    try {
      return await sign(data, algorithm);
    } catch (error) {
      problem = new Error(messageOf(error));
      return null;
    }
  });
  return key;
}

/** What signs for a key that `wideKey` made; null for others. */
export function signerOf(key: unknown): WholeSigner | null {
  return typeof key === 'object' && key !== null ? (signers.get(key) ?? null) : null;
}

let parsed: ParsedKey | null = null;

/** Any key: ssh2 knows its own by a symbol that it keeps to itself. */
function standIn(): ParsedKey {
  if (parsed !== null) return parsed;
  const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const made = ssh2.utils.parseKey(`ssh-ed25519 ${blob}`);
  if (made instanceof Error) throw made;
  parsed = made;
  return made;
}
