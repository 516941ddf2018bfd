import type { LoadNft } from './change.ts';
import { nftScript } from './nft-text.ts';

/** The call of the runtime that makes this change (runtime/act-nft.sh). Throws for names that none may have. */
export function nftWords({ listed, before, script, removed }: LoadNft): readonly string[] {
  return [
    ...['xp_load_nft', nftScript(listed), before.fingerprint ?? '', script],
    ...removed.flatMap(({ chain: { family, table, chain }, rule }) => [
      ...[family, checkedName(table), checkedName(chain), rule],
    ]),
  ];
}

/** Whether nft takes this as the name of a table or chain, quoted by nobody. */
export function isNftName(name: string): boolean {
  return /^[A-Za-z_][\w.-]{0,63}$/.test(name);
}

function checkedName(name: string): string {
  if (!isNftName(name)) throw new Error(`not a name of nftables: ${name}`);
  return name;
}
