import type { Vif } from '../inventory/model.ts';

/** One entry of a vif list: keys in their order, as xl reads them. */
export type VifEntry = ReadonlyMap<string, string>;

/** Keys that the inventory answers for, in the order in which they are written. */
const ownKeys = ['mac', 'ip', 'script', 'bridge', 'vifname', 'gatewaydev', 'rate', 'model'];

/** Where xl looks for scripts that are named without a directory (xl-network-configuration(5)). */
const scriptDirectory = '/etc/xen/scripts/';

/**
 * Reads the text of one entry, `mac=..., ip=...`: pieces between commas, blanks before a piece
 * ignored, and whatever is no `key=value` too, since xl ignores it.
 */
export function parseVifEntry(text: string): VifEntry {
  const pairs = text.split(',').flatMap((piece) => {
    const pair = /^[ \t]*([^=\s]+)=(.*)$/s.exec(piece);
    return pair?.[1] === undefined ? [] : [[pair[1], pair[2] ?? ''] as const];
  });
  return new Map(pairs);
}

/** The MAC of an entry in lower case, or null. */
export function vifEntryMac(entry: VifEntry): string | null {
  return entry.get('mac')?.trim().toLowerCase() ?? null;
}

/**
 * What the list should have for a vif. `present` is the entry with the same MAC, if there is one:
 * keys of which the inventory knows nothing (`backend`, `type`, `mtu`, ...) are kept from it. A bridged
 * vif needs neither `script`, which is xl's default, nor `ip`: an entry without them stays without.
 */
export function desiredVifEntry(vif: Vif, present: VifEntry | null): VifEntry {
  const isUnsaid = (key: string): boolean =>
    isBridged(vif) && present !== null && !present.has(key);
  const own: Readonly<Record<string, string | null>> = {
    mac: vif.mac,
    ip: isUnsaid('ip') ? null : (vif.ipv4?.ips.join(' ') ?? null),
    script: isUnsaid('script') ? null : vif.script,
    bridge: vif.bridge,
    vifname: vif.vifname,
    gatewaydev: vif.gatewaydev,
    rate: vif.rate,
    model: vif.model,
  };
  // `netdev` is xl's older word for `bridge`.
  const foreign = [...(present ?? [])].filter(
    ([key]) => key !== 'netdev' && !ownKeys.includes(key),
  );
  const written = ownKeys.flatMap((key) => {
    const value = own[key] ?? null;
    return value === null ? [] : [[key, value] as const];
  });
  return new Map([...written, ...foreign]);
}

/** Whether its script is the one that xl takes when an entry names none. */
export function isBridged(vif: Vif): boolean {
  return vif.script.split('/').at(-1) === 'vif-bridge';
}

/** Whether two entries mean the same to xl and vif-route: case of the MAC, order and blanks aside. */
export function isSameVifEntry(a: VifEntry, b: VifEntry): boolean {
  const meaning = (entry: VifEntry): string =>
    JSON.stringify([...entry].map(([key, value]) => [key, meaningOf(key, value)]).sort());
  return meaning(a) === meaning(b);
}

function meaningOf(key: string, value: string): string {
  switch (key) {
    case 'mac':
      return value.trim().toLowerCase();
    case 'ip':
      return value.split(/\s+/).filter(Boolean).sort().join(' ');
    case 'script':
      return value.startsWith(scriptDirectory) ? value.slice(scriptDirectory.length) : value;
    default:
      return value;
  }
}

export function formatVifEntry(entry: VifEntry): string {
  return [...entry].map(([key, value]) => `${key}=${value}`).join(', ');
}
