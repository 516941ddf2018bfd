import type { DomU } from '../inventory/model.ts';
import { anywhere } from './routing.ts';

/**
 * Whether a route that a file of another's gives to an interface of ours is ours to say: one of our
 * tables, or the default route of the main one. Tables by id or name, null for main.
 */
export function isOwnRoute(domU: DomU, to: string | null, table: string | null): boolean {
  if (table !== null && !/^(main|254)$/.test(table)) return isOwnTable(domU, table);
  return to === null || to === 'default' || to === anywhere[4] || to === anywhere[6];
}

/** The same of a rule: one that looks in a table of ours, or is for an address of ours. */
export function isOwnRule(domU: DomU, from: string | null, table: string | null): boolean {
  const ip = from?.split('/')[0] ?? '';
  return (
    (table !== null && isOwnTable(domU, table)) || domU.vifs.some(({ ips }) => ips.includes(ip))
  );
}

const isOwnTable = (domU: DomU, table: string): boolean =>
  domU.vifs.some(({ table: { id, name } }) => table === `${id}` || table === name);
