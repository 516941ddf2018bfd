import type { Family } from '../host/query.ts';
import { familyOf, normalIp } from '../inventory/address.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import type { FormerVif } from './former-vif.ts';
import { type Block, wordsOf } from './interfaces-blocks.ts';
import { saysTheSame } from './interfaces-meaning.ts';
import {
  attributeOf,
  isHook,
  isOwnOption,
  isPolicyOption,
  ruleTableOf,
} from './interfaces-options.ts';
import { stanzaOptions } from './interfaces-stanza.ts';
import { defaultVif, families } from './routing.ts';
import { sideOf } from './vif-side.ts';

/** The stanza that holds, or is to hold, a vif's addresses of one family. */
export interface Holder {
  readonly vif: Vif;
  readonly family: Family;
  readonly block: Block;
  /** Later stanzas for the same. */
  readonly seconds: readonly Block[];
  /** Stanzas of its aliases (`eth0:1`) that hold one of its addresses. */
  readonly aliases: readonly Block[];
}

/** What tells which lines are ours to say. */
export interface Ours {
  /** The guest; its vifs have addresses of an earlier inventory, too. */
  readonly known: DomU;
  /** Tables that rules of ours look in. */
  readonly tables: ReadonlySet<string>;
}

/** The guest with what its vifs formerly held behind what they hold. */
export function withFormer(domU: DomU, former: readonly FormerVif[]): DomU {
  const ipsOf = ({ iface, ips }: Vif): readonly string[] => [
    ...new Set([...ips, ...former.flatMap((was) => (was.iface === iface ? was.ips : []))]),
  ];
  return { ...domU, vifs: domU.vifs.map((vif) => ({ ...vif, ips: ipsOf(vif) })) };
}

/** Finds the stanzas of the guest's interfaces in families that they have addresses of. */
export function holdersOf(
  blocks: readonly Block[],
  domU: DomU,
  { known }: Ours,
): readonly Holder[] {
  const holders: (Holder & { readonly seconds: Block[] })[] = [];
  for (const block of blocks) {
    const vif = domU.vifs.find((each) => each.iface === nameOf(block));
    const family = familiesOf(block).find((each) => vif && sideOf(vif, each) !== null);
    if (vif === undefined || family === undefined) continue;
    const first = holders.find((each) => each.vif === vif && each.family === family);
    if (first === undefined) {
      const aliases = blocks.filter(
        (each) => aliased(each, known)?.iface === vif.iface && stanzaFamily(each) === family,
      );
      holders.push({ vif, family, block, seconds: [], aliases });
    } else first.seconds.push(block);
  }
  return holders;
}

/**
 * Whether stanzas that others wrote come to what one of ours would: with aliases for further addresses or,
 * where ifupdown `mayRepeat` a stanza (since 0.7), several of the same name.
 */
export function isSettled(
  { vif, family, block, seconds, aliases }: Holder,
  domU: DomU,
  ours: Ours,
  mayRepeat: boolean,
): boolean {
  const stanzas = [block, ...seconds, ...aliases];
  if (seconds.length > 0 && !mayRepeat) return false;
  // as it mostly is: what it says need not be told apart
  if (stanzas.length === 1 && block.lines.join('') === stanza(domU, vif, family)) return true;
  if (stanzas.some((each) => stanzaFamily(each) !== family || each.head[3] !== 'static')) {
    return false;
  }
  const said = stanzas.map((each) => ownOptions(each, ours));
  if (said.slice(1 + seconds.length).some((options) => options.some(isHook))) return false;
  return saysTheSame(said, stanzaOptions(domU, vif, family) ?? [], vif.iface);
}

/** A vif's stanza as xpush writes it. */
export function stanza(domU: DomU, vif: Vif, family: Family): string {
  const options = stanzaOptions(domU, vif, family) ?? [];
  const head = `iface ${vif.iface} ${family === 4 ? 'inet' : 'inet6'} static\n`;
  return head + options.map((option) => ` ${option}\n`).join('');
}

/** The stanza as it is, if it says what it should; else ours, with what it said besides behind it. */
export function rewritten(
  { vif, family, block, seconds }: Holder,
  domU: DomU,
  ours: Ours,
): readonly string[] {
  const isOwn = (line: string, of: Block): boolean => isOwnLine(line, of, ours);
  const [, ...lines] = block.lines;
  const said = ownOptions(block, ours);
  const others = lines.filter((line) => !isOwn(line, block) && line.trim() !== '');
  const wanted = stanzaOptions(domU, vif, family) ?? [];
  const isRight =
    stanzaFamily(block) === family &&
    block.head[3] === 'static' &&
    saysTheSame([said], wanted, vif.iface);
  const kept = isRight ? block.lines : [stanza(domU, vif, family), ...others];

  // What is said twice would be an error to ifupdown, of the whole file.
  const names = new Set([...said, ...others.map(optionOf)].map(attributeOf));
  const moved = seconds
    .flatMap((second) => second.lines.slice(1).filter((line) => !isOwn(line, second)))
    .filter((line) => {
      const name = attributeOf(optionOf(line));
      if (line.trim() === '' || (name !== null && names.has(name))) return false;
      names.add(name);
      return true;
    });
  return [...kept.slice(0, -1), ...kept.slice(-1).map(moved.length > 0 ? ended : same), ...moved];
}

/**
 * Stanzas that the inventory has no use for any more, with what is left of their lines: of aliases
 * that hold an address which the vif's own stanza brings up or did, and of vifs or families that left.
 */
export function leftBehind(
  blocks: readonly Block[],
  domU: DomU,
  former: readonly FormerVif[],
  { known, tables }: Ours,
): readonly (readonly [Block, readonly string[]])[] {
  return blocks.flatMap((block): readonly (readonly [Block, readonly string[]])[] => {
    const name = nameOf(block);
    if (name === null || familiesOf(block).length === 0) return [];
    const vif = domU.vifs.find(({ iface }) => name === iface || name.startsWith(`${iface}:`));
    if (vif !== undefined && vif.iface !== name) {
      return aliased(block, known) === null ? [] : [[block, []]];
    }
    if (familiesOf(block).some((family) => vif && sideOf(vif, family) !== null)) return [];
    const plain = vif === undefined ? block.lines : withoutGateway(block, domU);
    const was = former.find(({ iface }) => name === iface || name.startsWith(`${iface}:`));
    if (was === undefined) return [[block, plain]];
    const addresses = addressesOf(block);
    const isAsWritten = addresses.length > 0 && addresses.every((ip) => was.ips.includes(ip));
    return [[block, isAsWritten ? [] : withoutPolicy(plain, tables)]];
  });
}

/** A second gateway of a family would leave its interface half configured: the guest has its own. */
function withoutGateway(block: Block, domU: DomU): readonly string[] {
  return block.lines.filter((line) => {
    const [key, value = ''] = wordsOf(line);
    return key !== 'gateway' || defaultVif(domU, familyOf(value)) === null;
  });
}

/** The lines of a stanza but for policy routing of xpush's. */
export function withoutPolicy(
  lines: readonly string[],
  tables: ReadonlySet<string>,
): readonly string[] {
  return lines.filter((line) => !isPolicyOption(optionOf(line), tables));
}

/** Tables that rules of xpush's look in, as any of these stanzas has them. */
export function tablesOfRules(blocks: readonly Block[]): ReadonlySet<string> {
  const lines = blocks.flatMap((block) => (block.head[0] === 'iface' ? block.lines : []));
  const rules = lines.filter((line) => line.includes('rule'));
  return new Set(rules.flatMap((line) => ruleTableOf(optionOf(line)) ?? []));
}

function isOwnLine(line: string, of: Block, { known, tables }: Ours): boolean {
  const option = optionOf(line);
  return (
    isOwnOption(option, known, stanzaFamily(of), tables) || /^use (?:dhcp|static)$/.test(option)
  );
}

/** What a stanza says of what is ours to say. */
function ownOptions(block: Block, ours: Ours): readonly string[] {
  const [, ...lines] = block.lines;
  return lines.filter((line) => isOwnLine(line, block, ours)).map(optionOf);
}

/** The vif that a stanza is of an alias of which holds one of its addresses. */
function aliased(block: Block, { vifs }: DomU): Vif | null {
  const vif = vifs.find(({ iface }) => nameOf(block)?.startsWith(`${iface}:`) === true);
  if (vif === undefined) return null;
  return addressesOf(block).some((ip) => vif.ips.includes(ip)) ? vif : null;
}

/** Name of the interface that a stanza is for. */
export const nameOf = ({ head: [keyword, name] }: Block): string | null =>
  keyword === 'iface' ? (name ?? null) : null;

/** ifupdown-ng's own stanzas name no family: their addresses may be of both. */
function familiesOf({ head: [keyword, , family] }: Block): readonly Family[] {
  if (keyword !== 'iface') return [];
  if (family === undefined) return families;
  return family === 'inet' ? [4] : family === 'inet6' ? [6] : [];
}

function stanzaFamily(block: Block): Family | null {
  const [family = null, ...more] = familiesOf(block);
  return more.length === 0 ? family : null;
}

/** An option with its words parted by single spaces; empty for comments. */
const optionOf = (line: string): string => wordsOf(line).join(' ');

function addressesOf(block: Block): readonly string[] {
  return block.lines
    .map(wordsOf)
    .filter(([key]) => key === 'address')
    .map(([, value = '']) => normalIp(value.split('/')[0] ?? ''));
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

const same = (text: string): string => text;
