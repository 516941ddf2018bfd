import type { Sections } from '../host/look-part.ts';
import type { Busy } from '../host/window.ts';
import { readArm, readLock } from '../host/window-sections.ts';

/** How a window ended; in all cases but `confirmed`, `kept`, `incomplete` and `unheard` the host is as before it. */
export type WindowEnd =
  | { readonly type: 'confirmed' }
  | {
      readonly type: 'undone';
      readonly why: string;
      /** From the last change on until it was undone; null: nobody can tell. */
      readonly afterSeconds: number | null;
    }
  | { readonly type: 'incomplete'; readonly why: string; readonly parts: readonly string[] }
  /** It was armed, or may have been, and nothing was heard since. */
  | { readonly type: 'unheard'; readonly seconds: number; readonly why: string }
  /** The host says that its changes were confirmed, though this run found something wrong with them. */
  | { readonly type: 'kept'; readonly why: string }
  /** The operator stopped it before it was armed. */
  | { readonly type: 'stopped' }
  /** The host was not as planned from. */
  | { readonly type: 'stale' }
  /** The line was lost before it was armed. */
  | { readonly type: 'lost'; readonly why: string }
  /** The host did not arm it. */
  | { readonly type: 'refused'; readonly message: string }
  | Busy;

/** How a window ended that did not come to stay, with which its tasks have ended too. */
export type Unconfirmed = Exclude<
  WindowEnd,
  { readonly type: 'confirmed' | 'stopped' | 'stale' | 'lost' }
>;

/** Why the window was not opened; null: it was. */
export function readRefusal(sections: Sections): WindowEnd | null {
  const lock = readLock(sections);
  if (lock?.type === 'busy') return lock;
  if (lock?.type === 'failed') return { type: 'refused', message: lock.message };
  const arm = readArm(sections);
  if (arm?.type === 'stale') return { type: 'stale' };
  if (arm?.type === 'failed') return { type: 'refused', message: arm.message };
  return arm === null ? { type: 'refused', message: 'the host opened no confirm window' } : null;
}
