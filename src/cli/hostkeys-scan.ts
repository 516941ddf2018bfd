import { isIP } from 'node:net';
import { ConnectionError, type Endpoint } from '../connection/index.ts';
import { type HostKeysSeen, isByDom0, type Shown } from '../doctor/host-key-trust.ts';
import type { Surveyed } from '../engine/survey.ts';
import { answerTo } from '../host/answer.ts';
import { query } from '../host/query.ts';
import type { Dom0, DomU, Host, Inventory } from '../inventory/model.ts';
import type { HostkeysOptions } from './hostkeys.ts';
import { type Surveyor, withSurveyor } from './survey-hosts.ts';

/** What scanning hosts came to; hosts that an interrupt came before are missing. */
export type HostKeysFound = readonly HostKeysSeen[];

/**
 * Asks hosts for their keys, all at once, on the way that xpush goes to them; guests through their own
 * dom0 too, where its key is known and it lets us in. Nothing is recorded, whatever the settings.
 */
export async function scanHosts(
  options: HostkeysOptions,
  inventory: Inventory,
  hosts: readonly Host[],
): Promise<HostKeysFound> {
  const guests = hosts.filter((host) => host.kind === 'domU');
  const dom0s = dom0sOf(guests, inventory);
  const strict = { ...options, 'host-key-checking': 'strict' } as const;
  return await withSurveyor(
    strict,
    inventory,
    [...new Set([...dom0s, ...jumpHosts(hosts, inventory)])],
    async (surveyor) => {
      const paths = await surveyor.look(dom0s, (dom0) =>
        guests
          .filter((guest) => guest.dom0 === dom0.name)
          .map((guest) => query.path({ to: innerAddress(guest) })),
      );
      const found: HostKeysSeen[] = [];
      const waiting = hosts.values();
      const work = async (): Promise<void> => {
        for (const host of waiting) {
          if (surveyor.stopping.aborted) return;
          const seen = await lookAt(host, inventory, surveyor, paths);
          if (!surveyor.stopping.aborted) found.push(seen);
        }
      };
      await Promise.all(Array.from({ length: Math.min(options.forks, hosts.length) }, work));
      return hosts.flatMap((host) => found.find((seen) => seen.host === host) ?? []);
    },
    { isPatient: true },
  );
}

async function lookAt(
  host: Host,
  inventory: Inventory,
  { transport, endpointOf, stopping }: Surveyor,
  paths: ReadonlyMap<string, Surveyed>,
): Promise<HostKeysSeen> {
  const scan = async (endpoint: Endpoint): Promise<Shown> => {
    try {
      return { scan: await transport.scanHostKeys(endpoint, stopping) };
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return { message: error.message, hint: error.hint };
    }
  };
  const usual = endpointOf(host, inventory);
  const direct = scan(usual);
  const dom0 = host.kind === 'domU' ? inventory.hosts.get(host.dom0) : undefined;
  if (host.kind !== 'domU' || dom0 === undefined) {
    return { host, direct: await direct, inside: null, doubt: null };
  }
  const told = paths.get(dom0.name);
  const doubt = doubtOf(host, told);
  if (isByDom0({ host })) return { host, direct: await direct, inside: null, doubt };
  if (told === undefined || 'unreachable' in told) {
    const message = told === undefined ? 'it was not asked' : told.unreachable;
    return { host, direct: await direct, inside: { message, hint: null }, doubt };
  }
  const { jump = [], ...hop } = endpointOf(dom0, inventory);
  const inside = scan({ ...usual, address: innerAddress(host), jump: [...jump, hop] });
  return { host, direct: await direct, inside: named(await inside, await direct), doubt };
}

/** A key of the host under the name that it is looked up by. */
function named(inside: Shown, direct: Shown): Shown {
  if (!('scan' in inside) || !('scan' in direct)) return inside;
  return { scan: { ...inside.scan, policy: direct.scan.policy } };
}

/** What dom0 is asked for; a name may mean another address there, so the inventory's own goes before it. */
function innerAddress(guest: DomU): string {
  return isIP(guest.address) !== 0 ? guest.address : (guest.vifs[0]?.ips[0] ?? guest.address);
}

/** Where somebody else could stand between a dom0 and its guest; null: nowhere. */
function doubtOf(guest: DomU, told: Surveyed | undefined): string | null {
  if (told === undefined || 'unreachable' in told) return `${guest.dom0} cannot say`;
  const path = answerTo(told.answers, query.path({ to: innerAddress(guest) }));
  const dev = path?.dev ?? null;
  if (dev === null) return `${guest.dom0} has no way to it`;
  const own = guest.vifs.flatMap(({ vifname }) => vifname ?? []);
  return /^(?:vif|tap|emu)\d/.test(dev) || own.includes(dev)
    ? null
    : `on ${guest.dom0} the way to it is ${dev}, where others may answer`;
}

function dom0sOf(guests: readonly DomU[], inventory: Inventory): readonly Dom0[] {
  const names = new Set(guests.map(({ dom0 }) => dom0));
  return [...names].flatMap((name) => {
    const found = inventory.hosts.get(name);
    return found?.kind === 'dom0' ? [found] : [];
  });
}

function jumpHosts(hosts: readonly Host[], inventory: Inventory): readonly Host[] {
  return hosts.flatMap(({ ssh: { jump } }) =>
    jump === null ? [] : (inventory.hosts.get(jump) ?? []),
  );
}
