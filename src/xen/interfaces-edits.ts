import type { Family } from '../host/query.ts';
import { familyOf, normalIp } from '../inventory/address.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import type { FormerVif } from './former-vif.ts';
import { type Block, wordsOf } from './interfaces-blocks.ts';
import {
  attributeOf,
  isOwnOption,
  isPolicyOption,
  ruleTableOf,
  saysTheSame,
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
}

/** Finds the stanzas of the guest's interfaces in families that they have addresses of. */
export function holdersOf(blocks: readonly Block[], domU: DomU): readonly Holder[] {
  const holders: (Holder & { readonly seconds: Block[] })[] = [];
  for (const block of blocks) {
    const vif = domU.vifs.find((each) => each.iface === nameOf(block));
    const family = familiesOf(block).find((each) => vif && sideOf(vif, each) !== null);
    if (vif === undefined || family === undefined) continue;
    const first = holders.find((each) => each.vif === vif && each.family === family);
    if (first === undefined) holders.push({ vif, family, block, seconds: [] });
    else first.seconds.push(block);
  }
  return holders;
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
  tables: ReadonlySet<string>,
): readonly string[] {
  const isOwn = (line: string, of: Block): boolean => {
    const option = optionOf(line);
    return (
      isOwnOption(option, domU, stanzaFamily(of), tables) || /^use (?:dhcp|static)$/.test(option)
    );
  };
  const [, ...lines] = block.lines;
  const said = lines.filter((line) => isOwn(line, block)).map(optionOf);
  const others = lines.filter((line) => !isOwn(line, block) && line.trim() !== '');
  const wanted = stanzaOptions(domU, vif, family) ?? [];
  const isRight =
    stanzaFamily(block) === family && block.head[3] === 'static' && saysTheSame(said, wanted);
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
 * that hold an address which the vif's own stanza brings up, and of vifs or families that left.
 */
export function leftBehind(
  blocks: readonly Block[],
  domU: DomU,
  former: readonly FormerVif[],
  tables: ReadonlySet<string>,
): readonly (readonly [Block, readonly string[]])[] {
  return blocks.flatMap((block): readonly (readonly [Block, readonly string[]])[] => {
    const name = nameOf(block);
    if (name === null || familiesOf(block).length === 0) return [];
    const addresses = addressesOf(block);
    const vif = domU.vifs.find(({ iface }) => name === iface || name.startsWith(`${iface}:`));
    if (vif !== undefined && vif.iface !== name) {
      return addresses.some((ip) => vif.ips.includes(ip)) ? [[block, []]] : [];
    }
    if (familiesOf(block).some((family) => vif && sideOf(vif, family) !== null)) return [];
    const plain = vif === undefined ? block.lines : withoutGateway(block, domU);
    const was = former.find(({ iface }) => iface === name);
    if (was === undefined) return [[block, plain]];
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
  return new Set(lines.flatMap((line) => ruleTableOf(optionOf(line)) ?? []));
}

/** Name of the interface that a stanza is for. */
const nameOf = ({ head: [keyword, name] }: Block): string | null =>
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
