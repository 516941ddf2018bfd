import { parseJumpList } from './jump-list.ts';
import { expandTokens, proxyTokens, type TokenValues } from './openssh-tokens.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

const maximumHops = 8;

/**
 * The hops that a ProxyJump names, of which nothing else is known. `tokens` are those of the host behind
 * them, which shares its time limit. Throws `ConnectionError` (`config`).
 */
export function hopsOf(
  proxyJump: string,
  tokens: TokenValues,
  connectTimeoutMs: number,
): readonly Endpoint[] {
  const list = expandTokens(proxyJump, tokens, proxyTokens);
  return parseJumpList(list).map(({ host, user, port }) => ({
    name: host,
    address: host,
    ...(user === null ? {} : { user }),
    ...(port === null ? {} : { port }),
    connectTimeoutMs,
  }));
}

/** Completes a hop that is reached through `via`; `behind` are the names of the hosts that it leads to. */
export type CompleteHop<Target> = (
  hop: Endpoint,
  via: Target | null,
  behind: readonly string[],
) => Promise<Target>;

/**
 * The last of the hops to the host `name`, null when there are none: the first may have hops of its own,
 * each later one is reached through the one before it. `behind` are the names of the hosts that this one
 * leads to itself. Rejects with `ConnectionError` (`config`) for a way without an end.
 */
export async function lastHop<Target>(
  hops: readonly Endpoint[],
  name: string,
  behind: readonly string[],
  complete: CompleteHop<Target>,
): Promise<Target | null> {
  const chain = [...behind, name];
  if (hops.length > 0 && (behind.includes(name) || behind.length >= maximumHops)) {
    throw new ConnectionError('config', `the jump hosts go in a circle: ${chain.join(', ')}`);
  }
  let via: Target | null = null;
  for (const hop of hops) via = await complete(hop, via, chain);
  return via;
}
