import { quoted } from '../source/quoted.ts';
import type { Group } from './model.ts';

/** Hosts of a group by their places in it. */
export interface GroupPlaces {
  readonly group: Group;
  /** null: the group has so few hosts that none of it is meant. */
  readonly hosts: readonly string[] | null;
}

const place = /^(.+)\[(?:(-?\d{1,9})|(-?\d{1,9})?:(-?\d{1,9})?)\]$/;

/**
 * The hosts that `web[0]`, `web[-1]`, `web[1:3]`, `web[1:]` or `web[:3]` names where `web` is a group,
 * in the order of the inventory; the last one of a range belongs to it, as in Ansible. null: nothing
 * of the kind is written.
 */
export function groupPlaces(text: string, groups: ReadonlyMap<string, Group>): GroupPlaces | null {
  const [, name = '', one, from = one, to = one] = place.exec(text) ?? [];
  const group = groups.get(name);
  if (group === undefined || (from === undefined && to === undefined)) return null;
  const { hosts } = group;
  const first = fromStart(Number(from ?? 0), hosts.length);
  const behind = fromStart(Number(to ?? -1), hosts.length) + 1;
  const isOutside = first < 0 || first >= hosts.length;
  return { group, hosts: isOutside && hosts.length > 0 ? null : hosts.slice(first, behind) };
}

function fromStart(index: number, length: number): number {
  return index < 0 ? length + index : index;
}

/** Why places of a group name no host. */
export function outside(text: string, { name, hosts }: Group): string {
  const has = hosts.length === 1 ? 'has one host' : `has ${hosts.length} hosts`;
  return `${quoted(text)} is outside of the group: ${name} ${has}, and the first is ${name}[0]`;
}
