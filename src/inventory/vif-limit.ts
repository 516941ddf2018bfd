import type { RawVif } from './schema.ts';

const GRANTS_PER_FRAME = 512;
// One transmit and one receive ring of 256 references each, and two for the rings themselves.
const GRANTS_PER_VIF = 514;
const FRAMES = 32;
const FRAMES_SINCE_4_10 = 64;
const EMULATED_CARDS = 8;
/** Rules of priority 1000-1999, 16 for each vif. */
const VIFS_WITH_PRIORITIES = 62;

/** How many vifs a domU can have, and the end of the sentence that says why. */
export interface VifLimit {
  readonly most: number;
  readonly because: string;
}

/**
 * The vif limit of a guest by its Xen's grant table (Xen 3.0: 4 frames of 512 references, of which
 * netfront takes 514 a vif; later 32 frames, 64 since 4.10), by the emulated cards of an HVM guest,
 * and by the priorities that xpush's rules have.
 *
 * @param version of Xen, `4.17`; null when unknown
 */
export function vifLimit(version: string | null, vifs: readonly RawVif[]): VifLimit {
  const emulated = vifs.filter(({ model }) => model !== undefined).length;
  if (emulated > EMULATED_CARDS) {
    return {
      most: EMULATED_CARDS,
      because: `a guest has at most ${EMULATED_CARDS} emulated cards`,
    };
  }
  const own = {
    most: VIFS_WITH_PRIORITIES,
    because: `xpush has rules for ${VIFS_WITH_PRIORITIES}`,
  };
  if (version === null) return own;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 3 && minor === 0) return { most: 3, because: 'Xen 3.0 allows 3' };
  const frames = major > 4 || (major === 4 && minor >= 10) ? FRAMES_SINCE_4_10 : FRAMES;
  const most = Math.floor((frames * GRANTS_PER_FRAME) / GRANTS_PER_VIF);
  return most < own.most ? { most, because: `Xen ${version} allows ${most}` } : own;
}
