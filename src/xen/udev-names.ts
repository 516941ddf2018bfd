import type { DomU } from '../inventory/model.ts';
import type { FormerVif } from './former-vif.ts';
import { splitJoinedLines, withOwnLines } from './own-lines.ts';

/**
 * Where udev keeps which MAC gets which interface name: Debian 5 to 8 and Ubuntu 7.10 to 15.04, and
 * the name of Debian 4. The first that is there is the one in use; where there is none, the first.
 */
export const udevNamesPaths = [
  '/etc/udev/rules.d/70-persistent-net.rules',
  '/etc/udev/rules.d/z25_persistent-net.rules',
] as const;

/** Since which udev keys are called as they are called now, and which a name's rule has. */
const attributesSince = 98;
const narrowSince = 117;
const deviceIdSince = 147;

/**
 * The file with a rule for each vif in the words of the generator of that udev's time (write_net_rules;
 * udev(7)). Rules that speak of one of the guest's MACs, or give one of its names, are replaced; those
 * that give a `former` vif its name go; all others stay byte for byte. null stands for no file, and
 * stays where the guest has no vifs.
 *
 * @param udev its version; null where it is not known
 */
export function udevNamesFile(
  text: string | null,
  domU: DomU,
  udev: number | null,
  former: readonly FormerVif[] = [],
): string | null {
  if (text === null && domU.vifs.length === 0) return null;
  const lines = splitJoinedLines(text ?? '').filter(
    (line) =>
      domU.vifs.some((vif) => speaksOf(line, vif)) ||
      !former.some((was) => isFormerRule(line, was, udev)),
  );
  return withOwnLines(
    lines,
    domU.vifs.map((vif) => ({
      text: ruleOf(vif, udev),
      isSame: (line) => isRuleOf(line, vif, udev),
      isOurs: (line) => speaksOf(line, vif),
    })),
  );
}

type Named = Pick<FormerVif, 'iface' | 'mac'>;

function ruleOf({ iface, mac }: Named, udev: number | null): string {
  const version = udev ?? Number.POSITIVE_INFINITY;
  const conditions = [
    'SUBSYSTEM=="net"',
    ...(version >= narrowSince ? ['ACTION=="add"'] : []),
    version >= attributesSince ? 'DRIVERS=="?*"' : 'DRIVER=="?*"',
    `${addressKey(version)}=="${mac}"`,
    // Kernels of earlier times have no such attribute, and the rule would match nothing.
    ...(version >= deviceIdSince ? ['ATTR{dev_id}=="0x0"'] : []),
    ...(version >= narrowSince ? ['ATTR{type}=="1"', 'KERNEL=="eth*"'] : []),
  ];
  return [...conditions, `NAME="${iface}"`].join(', ');
}

function addressKey(version: number): string {
  if (version < attributesSince) return 'SYSFS{address}';
  return version < narrowSince ? 'ATTRS{address}' : 'ATTR{address}';
}

/** Whether a rule gives the interface its name by its MAC, in words that this udev has. */
function isRuleOf(line: string, { iface, mac }: Named, udev: number | null): boolean {
  const version = udev ?? Number.POSITIVE_INFINITY;
  const keys = keysOf(line);
  const addresses = [
    `${addressKey(version)}=="${mac}"`,
    ...(version < attributesSince ? [] : [`ATTR{address}=="${mac}"`, `ATTRS{address}=="${mac}"`]),
  ];
  const conditions = new Set(['SUBSYSTEM=="net"', 'ACTION=="add"', 'KERNEL=="eth*"']);
  if (version >= attributesSince) conditions.add('DRIVERS=="?*"').add('ATTR{type}=="1"');
  else conditions.add('DRIVER=="?*"').add('SYSFS{type}=="1"');
  if (version >= deviceIdSince) conditions.add('ATTR{dev_id}=="0x0"');
  const others = keys.filter((key) => !conditions.has(key) && !addresses.includes(key));
  return (
    keys.includes('SUBSYSTEM=="net"') &&
    addresses.some((key) => keys.includes(key)) &&
    others.length === 1 &&
    others[0] === `NAME="${iface}"`
  );
}

/** A rule of any time, where nobody knows of which that udev is. */
function isFormerRule(line: string, was: Named, udev: number | null): boolean {
  return isRuleOf(line, was, udev) || (udev === null && isRuleOf(line, was, attributesSince - 1));
}

/** Whether a rule of network interfaces matches the MAC or gives the name. */
function speaksOf(line: string, { iface, mac }: Named): boolean {
  const keys = keysOf(line);
  const isOfNet = keys.some((key) => /^SUBSYSTEMS?=="net"$/.test(key));
  return (
    isOfNet &&
    keys.some((key) => {
      const [, attribute = '', value = ''] =
        /^(NAME:?=|(?:ATTRS?|SYSFS)\{address\}==)"([^"]*)"$/.exec(key) ?? [];
      return attribute.startsWith('NAME') ? value === iface : value.toLowerCase() === mac;
    })
  );
}

/** Bounded, and never from the middle of a word: a line may be long. */
const keyForm =
  /(?<![A-Z])([A-Z]{1,32}(?:\{[^{}"\s]{0,64}\})?)\s{0,64}([=!:+-]?=)\s{0,64}("[^"]{0,256}")/g;

/** `KEY=="value"` of a line, joined with the next by a backslash at its end; none of a comment. */
function keysOf(line: string): readonly string[] {
  if (!line.includes('=') || /^\s*#/.test(line)) return [];
  const keys = line.replaceAll('\\\n', ' ').matchAll(keyForm);
  return [...keys].map(([, key = '', operator = '', value = '']) => key + operator + value);
}
