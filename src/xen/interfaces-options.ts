import { netmask } from '../inventory/ipv4.ts';
import type { DomU } from '../inventory/model.ts';

/** Options of a static stanza that say which addresses and routes it brings (interfaces(5)). */
const attributes = new Set(
  'address netmask network broadcast gateway metric pointopoint scope'.split(' '),
);

const hooks = new Set('pre-up up post-up pre-down down post-down'.split(' '));

/** How stanzaOptions writes commands; what it once wrote for an address since gone is found by it. */
const ownForm = /^(?:up|down) ip (?:addr add|route replace|rule) .*\|\| true$/;

/**
 * Whether an option of a stanza, its words parted by single spaces, says what the guest's
 * description says: its addresses, tables and rules, or the default route. Whatever else a hook
 * does, foreign tables and routes included, is its author's business.
 */
export function isOwnOption(option: string, domU: DomU): boolean {
  const [key = '', ...words] = option.split(' ');
  if (attributes.has(key) || ownForm.test(option)) return true;
  if (!hooks.has(key)) return false;

  const command = words.join(' ');
  const object = /\bip (?:-\S+ ){0,9}(a|addr|address|ru|rule|r|ro|route) /.exec(command)?.[1] ?? '';
  const [, table] = /\b(?:table|lookup) (\S+)/.exec(command) ?? [];
  const isOwnTable = domU.vifs.some(
    ({ table: { id, name } }) => table === `${id}` || table === name,
  );
  const hasOwnAddress = command
    .split(/[^\d.]+/)
    .some((word) => domU.vifs.some(({ ips }) => ips.includes(word)));
  if (object.startsWith('a')) return hasOwnAddress;
  if (object.startsWith('ru')) return hasOwnAddress || isOwnTable;
  const isDefault = /\b(?:default|0\.0\.0\.0\/0)(?= |$)/.test(command);
  if (object !== '') return table === undefined ? isDefault : isOwnTable;
  return isDefault && /\broute add /.test(command);
}

/** Whether options mean the same: attributes in any order and form, hooks in theirs. */
export function saysTheSame(said: readonly string[], wanted: readonly string[]): boolean {
  const meaning = (options: readonly string[]): string => {
    const plain = options.flatMap(canonical);
    const isHook = (option: string): boolean => hooks.has(option.split(' ')[0] ?? '');
    const [ofAttributes, ofHooks] = [plain.filter((each) => !isHook(each)), plain.filter(isHook)];
    return [...ofAttributes.toSorted(), ...ofHooks].join('\n');
  };
  return meaning(said) === meaning(wanted);
}

/** `address 192.0.2.5/24` and `netmask 24` in the words of old ifupdowns. */
function canonical(option: string): readonly string[] {
  const [, address, prefix] = /^(?:address ([\d.]+)\/|netmask )(\d{1,2})$/.exec(option) ?? [];
  if (prefix === undefined || Number(prefix) > 32) return [option];
  const mask = `netmask ${netmask(Number(prefix))}`;
  return address === undefined ? [mask] : [`address ${address}`, mask];
}
