import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { type Case, cases, casesDirectory } from './cases.ts';
import { LocalFleet, type Played, playOnFleet } from './play-on-fleet.ts';

const inventory = await loadInventory({ argument: join(casesDirectory, 'inventory.yaml') });

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-conformance-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('playbooks', () => {
  // only root becomes somebody else
  const able = cases.filter(({ name }) => name !== 'become-user' || process.getuid?.() === 0);

  test.each(able.map((one) => [one.name, one] as const))(
    '%s: checked, applied and applied again, as its events say',
    async (name, one) => {
      const fleet = new LocalFleet();
      const checked = await play(one, fleet, true);
      const applied = await play(one, fleet, false);
      const again = await play(one, fleet, false);

      const told = [
        ['check', checked] as const,
        ['apply', applied] as const,
        ['again', again] as const,
      ].map(([what, played]) => shown(what, played));
      await expect(told.join('\n')).toMatchFileSnapshot(join(casesDirectory, `${name}.events`));
    },
  );
});

function play({ file, tags, skipTags, extraVars }: Case, fleet: LocalFleet, check: boolean) {
  const all = { ...extraVars, dir: directory };
  return playOnFleet(file, inventory, fleet, { check, tags, skipTags, extraVars: all });
}

/** Hosts in the order of the inventory, with what became of each task. */
function shown(what: string, { exit, ended, events, programs }: Played): string {
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
          `    ${task}: ${status}${message === null ? '' : ` | ${message}`}`,
      ),
    ];
  });
  const text = `${what}: exit ${exit}, ${programs} ${programs === 1 ? 'program' : 'programs'}\n${lines.join('\n')}\n`;
  return text
    .replaceAll(directory, 'DIR')
    .replaceAll(casesDirectory, '.')
    .replace(/\n(?! {2})(?=.)/g, '\n      ')
    .replace(/^ {6}(check|apply|again)/, '$1');
}
