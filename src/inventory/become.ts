import type { BecomeSettings } from './model.ts';
import type { RawBecome } from './schema.ts';

/**
 * Whom programs run as on a host: what is written of it, from the outermost level to its own; later ones
 * go before, key by key. null: the login user.
 */
export function buildBecome(
  levels: readonly (RawBecome | null | undefined)[],
): BecomeSettings | null {
  const written = levels.filter((level) => level !== null && level !== undefined);
  if ((written.at(-1) ?? false) === false) return null;
  const maps = written.filter((level) => typeof level !== 'boolean');
  const raw: Exclude<RawBecome, boolean> = Object.assign({}, ...maps);
  return {
    method: raw.method ?? 'sudo',
    user: raw.user ?? 'root',
    password: raw.password ?? null,
  };
}
