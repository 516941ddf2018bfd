import type { Family } from '../host/query.ts';
import { familyOf, normalIp } from '../inventory/address.ts';
import type { DomU } from '../inventory/model.ts';

/** Options of a static stanza that say which addresses and routes it brings (interfaces(5)). */
const attributes = new Set(
  'address netmask network broadcast gateway metric pointopoint scope'.split(' '),
);

const hooks = new Set('pre-up up post-up pre-down down post-down'.split(' '));

/** Whether an option of a stanza, its words parted by single spaces, is a command. */
export const isHook = (option: string): boolean => hooks.has(option.split(' ')[0] ?? '');

/** How stanzaOptions writes rules, and routes of tables: anybody might write those so. */
const ruleForms = [
  /^up ip (?:-6 )?rule \| grep -q '\^1\d{3}:' \|\| ip (?:-6 )?rule add from \S+ table (\d+) priority 1\d{3} \|\| true$/,
  /^down ip (?:-6 )?rule del from \S+ table (\d+) priority 1\d{3} \|\| true$/,
];
const routeForm = /^up ip (?:-6 )?route replace .* table (\d+) \|\| true$/;

/** How it writes the others. */
const plainForms = [
  /^(?:up ip (?:-6 )?addr add|down ip (?:-6 )?addr del) \S+ dev \S+ 2>\/dev\/null \|\| true$/,
  /^up ip -6 route replace default via \S+ dev \S+ \|\| true$/,
  /^pre-up echo 0 2>\/dev\/null >\/proc\/sys\/net\/ipv6\/conf\/[^/\s]+\/accept_dad \|\| true$/,
];

/** The table that a rule looks in, if xpush wrote it; null for any other option. */
export function ruleTableOf(option: string): string | null {
  return ruleForms.map((form) => form.exec(option)?.[1]).find((table) => table) ?? null;
}

/**
 * Whether an option of a stanza, its words parted by single spaces, is policy routing as xpush
 * writes it: a rule with a priority of ours, or a route of a table that such a rule looks in.
 */
export function isPolicyOption(option: string, tables: ReadonlySet<string>): boolean {
  const table = routeForm.exec(option)?.[1];
  return table === undefined ? ruleTableOf(option) !== null : tables.has(table);
}

/**
 * Whether an option of a stanza, its words parted by single spaces, says what the guest's
 * description says: its addresses, tables and rules, or the default route. Whatever else a hook
 * does, foreign tables and routes included, is its author's business; so is a family of which the
 * guest has no address.
 *
 * @param ofStanza the stanza's family; null where it is of both, as ifupdown-ng has it
 * @param tables those that rules of ours look in (`ruleTableOf`)
 */
export function isOwnOption(
  option: string,
  domU: DomU,
  ofStanza: Family | null,
  tables: ReadonlySet<string>,
): boolean {
  const [key = '', ...words] = option.split(' ');
  const isManaged = (family: Family): boolean =>
    domU.vifs.some((vif) => (family === 4 ? vif.ipv4 : vif.ipv6) !== null);
  if (key === 'address' || key === 'gateway') {
    const family = familyOf(words[0] ?? '');
    return family === ofStanza || isManaged(family);
  }
  if (attributes.has(key)) return true;
  // What was once written for an address since gone is found by its form.
  if (isPolicyOption(option, tables) || plainForms.some((form) => form.test(option))) return true;
  if (!hooks.has(key)) return false;

  const command = words.join(' ');
  const object = /\bip (?:-\S+ ){0,9}(a|addr|address|ru|rule|r|ro|route) /.exec(command)?.[1] ?? '';
  const [, table] = /\b(?:table|lookup) (\S+)/.exec(command) ?? [];
  const isOwnTable = domU.vifs.some(
    ({ table: { id, name } }) => table === `${id}` || table === name,
  );
  const hasOwnAddress = command
    .split(/[^\d.:a-fA-F]+/)
    .some((word) => domU.vifs.some(({ ips }) => ips.includes(normalIp(word))));
  if (object.startsWith('a')) return hasOwnAddress;
  if (object.startsWith('ru')) return hasOwnAddress || isOwnTable;
  const isDefault =
    /(?:^| )(?:default|0\.0\.0\.0\/0|::\/0)(?= |$)/.test(command) &&
    isManaged(familyOfCommand(command, ofStanza));
  if (object !== '') return table === undefined ? isDefault : isOwnTable;
  return isDefault && /\broute (?:-\S+ |inet6 ){0,9}add /.test(command);
}

/** Of a command that adds a default route: by its options and gateway, else as its stanza. */
function familyOfCommand(command: string, ofStanza: Family | null): Family {
  if (/ (?:-6|-f inet6|-family inet6|-A inet6|--inet6) /.test(command)) return 6;
  if (/ (?:via|gw) \d+\./.test(command)) return 4;
  return / (?:via|gw) \S*:/.test(command) || command.includes('::/0') ? 6 : (ofStanza ?? 4);
}

/** The name of an option, by which ifupdown knows one that is there twice; null for hooks. */
export function attributeOf(option: string): string | null {
  const [key = ''] = option.split(' ');
  return hooks.has(key) || key === '' ? null : key;
}
