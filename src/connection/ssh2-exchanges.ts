import type { Client } from 'ssh2';
import { quickenCurve25519 } from './ssh2-curve25519.ts';
import { limitGroupExchange } from './ssh2-group-exchange.ts';
import { has } from './ssh2-internals.ts';

/**
 * Has the arithmetic of a client's key exchanges done here where ssh2's own costs too much, those later
 * on too; to be called right after `connect`. False if they can't be got hold of.
 */
export function takeOverExchanges(client: Client): boolean {
  const protocol: unknown = '_protocol' in client ? client._protocol : null;
  if (!has(protocol, '_kex') || protocol._kex !== undefined) return false;
  let current: unknown;
  Object.defineProperty(protocol, '_kex', {
    get: () => current,
    set: (exchange: unknown) => {
      if (has(exchange, 'type')) {
        if (exchange.type === 'groupex') limitGroupExchange(exchange);
        if (exchange.type === '25519') quickenCurve25519(exchange);
      }
      current = exchange;
    },
  });
  return true;
}
