import { globMatcher } from '../inventory/glob.ts';
import type { Vif } from '../inventory/model.ts';
import { splitJoinedLines } from './own-lines.ts';

/** A section of a `.network` or `.link` file: as it is written, and what it says. */
export interface UnitSection {
  readonly name: string;
  readonly options: readonly UnitOption[];
}

/** An option with the comments before it. */
export interface UnitOption {
  readonly key: string;
  readonly value: string;
  /** With its newline. */
  readonly text: string;
}

/** The sections of a file in the form of systemd.syntax(7); lines before the first one are not kept. */
export function unitSections(text: string): readonly UnitSection[] {
  const sections: { readonly name: string; readonly options: UnitOption[] }[] = [];
  let comments = '';
  for (const line of splitJoinedLines(text.replaceAll('\r', ''))) {
    const bare = line.trim();
    const name = /^\[(.*)\]$/.exec(bare)?.[1];
    const [, key = null, value = ''] = /^([^=]*)=(.*)$/s.exec(bare) ?? [];
    if (name !== undefined) sections.push({ name, options: [] });
    else if (/^[#;]/.test(bare)) comments += line;
    else if (key !== null) {
      const whole = comments + (line.endsWith('\n') ? line : `${line}\n`);
      const option = { key: key.trim(), value: value.trim(), text: whole };
      sections.at(-1)?.options.push(option);
    }
    if (!/^[#;]/.test(bare)) comments = '';
  }
  return sections;
}

/**
 * Whether the `[Match]` section speaks of the vif's interface, once that has its name
 * (systemd.network(5), systemd.link(5)). What can't be told from here, such as `Path=` or `Host=`, is
 * taken to hold.
 */
export function matchesVif(text: string, vif: Vif): boolean {
  const conditions = new Map<string, string>();
  for (const { name, options } of unitSections(text)) {
    if (name !== 'Match') continue;
    // an empty value takes back what was said before
    for (const { key, value } of options) {
      conditions.set(key, value === '' ? '' : `${conditions.get(key) ?? ''} ${value}`);
    }
  }
  return [...conditions].every(([key, value]) => value === '' || holds(key, value, vif));
}

/** Whether all of its conditions are such that `matchesVif` knows how they come out at every boot. */
export function isPlainMatch(text: string): boolean {
  const match = unitSections(text).filter(({ name }) => name === 'Match');
  const keys = match.flatMap(({ options }) => options.map(({ key }) => key));
  return keys.length > 0 && keys.every((key) => plainConditions.has(key));
}

const plainConditions = new Set(
  'MACAddress PermanentMACAddress Name OriginalName Type Driver'.split(' '),
);

function holds(key: string, value: string, vif: Vif): boolean {
  switch (key) {
    case 'MACAddress':
    case 'PermanentMACAddress':
      return words(value).some((word) => hexOf(word) === hexOf(vif.mac));
    case 'Name':
    case 'OriginalName':
      return isInGlobs(value, vif.iface);
    case 'Type':
      return isInGlobs(value, 'ether');
    case 'Driver':
      return isInGlobs(value, 'vif');
    case 'Kind':
    case 'SSID':
    case 'BSSID':
    case 'WLANInterfaceType':
      return value.trim().startsWith('!');
    default:
      return true;
  }
}

/** A list of globs; a `!` before it inverts it. */
function isInGlobs(value: string, name: string): boolean {
  const [, not = '', globs = ''] = /^\s*(!?)(.*)$/s.exec(value) ?? [];
  return words(globs).some((glob) => globMatcher(glob)(name)) !== (not === '!');
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean);

const hexOf = (mac: string): string => mac.toLowerCase().replace(/[^0-9a-f]/g, '');
