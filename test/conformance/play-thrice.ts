import { join } from 'node:path';
import { expect } from 'vitest';
import type { Inventory } from '../../src/inventory/model.ts';
import { type Case, casesDirectory } from './cases.ts';
import { type Played, type PlayedFleet, playOnFleet } from './play-on-fleet.ts';

/** Where a playbook is run. */
export interface Room {
  readonly inventory: Inventory;
  readonly fleet: PlayedFleet;
  /** `dir` of its variables. */
  readonly directory: string;
  /** `web` of them: the address of a server. */
  readonly web?: string;
}

/** In a check, in earnest and once more, and compares what became of each task with its events. */
export async function playThrice(one: Case, room: Room): Promise<void> {
  const { file, name, tags, skipTags, extraVars } = one;
  const all = { ...extraVars, dir: room.directory, web: room.web ?? '' };
  const play = async (check: boolean) =>
    await playOnFleet(file, room.inventory, room.fleet, { check, tags, skipTags, extraVars: all });
  const told = [
    shown('check', await play(true), room, one),
    shown('apply', await play(false), room, one),
    shown('again', await play(false), room, one),
  ];
  await expect(told.join('\n')).toMatchFileSnapshot(join(casesDirectory, `${name}.events`));
}

/** Hosts in the order of the inventory, with what became of each task. */
function shown(
  what: string,
  { exit, ended, events, programs }: Played,
  { inventory, directory, web }: Room,
  { isQuiet }: Case,
): string {
  // those that a run adds come last
  const hosts = events.flatMap((one) => (one.event === 'host_end' ? [one.host] : [])).toSorted();
  const lines = [...new Set([...inventory.hosts.keys(), ...hosts])].flatMap((host) => {
    const own = ended.filter((one) => one.host === host);
    const end = events.find((one) => one.event === 'host_end' && one.host === host);
    if (end?.event !== 'host_end') return [];
    return [
      `  ${host}: ${end.status}${end.error === null ? '' : `, ${end.error.message}`}`,
      ...own.map(
        ({ task, status, message }) =>
          `    ${task}: ${status}${message === null || (isQuiet && status === 'changed') ? '' : ` | ${message}`}`,
      ),
    ];
  });
  const count = isQuiet ? '' : `, ${programs} ${programs === 1 ? 'program' : 'programs'}`;
  const text = `${what}: exit ${exit}${count}\n${lines.join('\n')}\n`;
  const named = web === undefined ? text : text.replaceAll(web, 'WEB');
  return named
    .replaceAll(directory, 'DIR')
    .replaceAll(casesDirectory, '.')
    .replace(/\n(?! {2})(?=.)/g, '\n      ')
    .replace(/^ {6}(check|apply|again)/, '$1');
}
