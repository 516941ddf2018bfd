import type { DomU, Vif } from '../inventory/model.ts';
import type { FormerVif } from './former-vif.ts';
import { type Block, blocksOf, isAuto, withoutNames } from './interfaces-blocks.ts';
import {
  type Holder,
  holdersOf,
  isSettled,
  leftBehind,
  nameOf,
  rewritten,
  stanza,
  tablesOfRules,
  withFormer,
  withoutPolicy,
} from './interfaces-edits.ts';
import { families } from './routing.ts';
import { sideOf } from './vif-side.ts';

/** Where ifupdown finds what to do at boot (interfaces(5)). */
export const interfacesPath = '/etc/network/interfaces';

/**
 * ifupdown's files with a static stanza for each vif and family, whose state after `ifup -a` is what
 * `desiredRouting` says. Ours are the stanzas of the guest's interfaces in families that they have
 * addresses of, and of their aliases (`eth0:1`) that hold one of those, whoever wrote them and
 * whichever file they are in; what they say besides addresses, routes and rules is kept. A second
 * stanza for the same goes, and what it says besides comes to the first. A name of ours that no
 * `auto` line has gets one in the main file, as do stanzas that are missing. Every other line stays
 * byte for byte.
 *
 * Stanzas that come to the same already stay as they are, several for one interface included.
 *
 * Stanzas of `former` vifs that still hold their addresses, and nobody else's, go; of those that now
 * hold others only policy routing of xpush's goes.
 *
 * @param files by path, in the order in which ifupdown reads them; the main file is the first
 * @param mayRepeat whether the ifupdown there takes several stanzas of one name and family
 * @returns all of them, by path
 */
export function interfacesFiles(
  files: ReadonlyMap<string, string>,
  domU: DomU,
  former: readonly FormerVif[],
  mayRepeat = false,
): ReadonlyMap<string, string> {
  const parsed = new Map([...files].map(([path, text]) => [path, blocksOf(text)]));
  const blocks = [...parsed.values()].flat();
  const ours = {
    known: withFormer(domU, former),
    tables: new Set([...tablesOfRules(blocks), ...domU.vifs.map(({ table }) => `${table.id}`)]),
  };
  const holders = holdersOf(blocks, domU, ours);
  const settled = holders.filter(
    (holder) => isSettled(holder, domU, ours, mayRepeat) && areBroughtUp(holder, blocks),
  );
  const kept = new Set(settled.flatMap(stanzasOf));
  const edited = new Map(
    [
      ...leftBehind(blocks, domU, former, ours),
      ...holders.flatMap(({ seconds }) => seconds.map((block) => [block, []] as const)),
      ...holders
        .filter(({ block }) => !kept.has(block))
        .map((holder) => [holder.block, rewritten(holder, domU, ours)] as const),
    ].filter(([block]) => !kept.has(block)),
  );
  const gone = goneNames(blocks, edited, domU);
  const linesOf = (block: Block): readonly string[] =>
    /^(?:auto|allow-.+)$/.test(block.head[0] ?? '')
      ? withoutNames(block, gone)
      : (edited.get(block) ?? block.lines);

  const added = addedParagraphs(blocks, holders, settled, domU);
  return new Map(
    [...parsed].map(([path, ofFile], place) => [
      path,
      joined(closedUp(ofFile, linesOf), place === 0 ? added : []),
    ]),
  );
}

/** The same of a file that takes in no others; null stands for none. */
export function interfacesFile(
  text: string | null,
  domU: DomU,
  former: readonly FormerVif[] = [],
): string {
  const files = new Map([[interfacesPath, text ?? '']]);
  return interfacesFiles(files, domU, former).get(interfacesPath) ?? '';
}

/**
 * The file without the policy routing that xpush wrote; addresses and gateways stay.
 *
 * @param texts all files of ifupdown's: a rule may stand in another one than its table's routes
 */
export function withoutPolicyRouting(text: string, texts: readonly string[] = [text]): string {
  const tables = tablesOfRules(texts.flatMap(blocksOf));
  return blocksOf(text)
    .flatMap((block) =>
      block.head[0] === 'iface' ? withoutPolicy(block.lines, tables) : block.lines,
    )
    .join('');
}

const stanzasOf = ({ block, seconds, aliases }: Holder): readonly Block[] => [
  block,
  ...seconds,
  ...aliases,
];

/** Whether aliases come up at boot: with `ifup -a`, or when their interface appears. */
function areBroughtUp({ aliases }: Holder, blocks: readonly Block[]): boolean {
  const names = namesIn(blocks, isStarted);
  return aliases.every((alias) => names.has(nameOf(alias) ?? ''));
}

const isStarted = (block: Block): boolean => isAuto(block) || block.head[0] === 'allow-hotplug';

const namesIn = (blocks: readonly Block[], isOf: (block: Block) => boolean): ReadonlySet<string> =>
  new Set(blocks.filter(isOf).flatMap(({ head: [, ...names] }) => names));

/** Names of which no stanza is left, and none is added. */
function goneNames(
  blocks: readonly Block[],
  edited: ReadonlyMap<Block, readonly string[]>,
  domU: DomU,
): ReadonlySet<string> {
  const stanzas = blocks.filter(({ head: [keyword] }) => keyword === 'iface');
  const isGone = (block: Block): boolean => edited.get(block)?.length === 0;
  const left = new Set([
    ...stanzas.filter((block) => !isGone(block)).map(({ head: [, name] }) => name),
    ...domU.vifs.map(({ iface }) => iface),
  ]);
  const names = stanzas.filter(isGone).map(({ head: [, name = ''] }) => name);
  return new Set(names.filter((name) => !left.has(name)));
}

/** The text of what is left; where a paragraph went one of the blank lines around it goes too. */
function closedUp(blocks: readonly Block[], linesOf: (block: Block) => readonly string[]): string {
  const lines: string[] = [];
  let isGap = false;
  for (const block of blocks) {
    const [first, ...others] = linesOf(block);
    if (first === undefined) {
      isGap ||= block.lines.length > 0;
      continue;
    }
    const isDoubled = isGap && isBlank(first) && isBlank(lines.at(-1) ?? '');
    if (!isDoubled) lines.push(first);
    for (const line of others) lines.push(line);
    isGap = false;
  }
  if (isGap && lines.length > 0 && isBlank(lines.at(-1) ?? '')) lines.pop();
  return lines.join('');
}

const isBlank = (line: string): boolean => line.trim() === '';

/** `auto` lines, the loopback and stanzas that no file has. */
function addedParagraphs(
  blocks: readonly Block[],
  holders: readonly Holder[],
  settled: readonly Holder[],
  domU: DomU,
): readonly string[] {
  const autos = namesIn(blocks, isAuto);
  const started = namesIn(blocks, isStarted);
  const auto = (name: string): string => (autos.has(name) ? '' : `auto ${name}\n`);
  const missing = (vif: Vif): readonly string[] =>
    families
      .filter((family) => sideOf(vif, family) !== null)
      .filter((family) => !holders.some((each) => each.vif === vif && each.family === family))
      .map((family) => stanza(domU, vif, family));
  const isHeld = (vif: Vif): boolean => holders.some((holder) => holder.vif === vif);
  const isStanding = (vif: Vif): boolean =>
    started.has(vif.iface) &&
    holders.every((holder) => holder.vif !== vif || settled.includes(holder));
  return [
    ...domU.vifs
      .filter((vif) => isHeld(vif) && !isStanding(vif))
      .map(({ iface }) => auto(iface))
      .filter((line) => line !== ''),
    ...(domU.vifs.length > 0 && needsLoopback(blocks)
      ? [`${auto('lo')}iface lo inet loopback\n`]
      : []),
    ...domU.vifs.flatMap((vif) =>
      missing(vif).map((text, place) =>
        place > 0 || isHeld(vif) ? text : `${auto(vif.iface)}${text}`,
      ),
    ),
  ];
}

/** A file that takes in others may have it there. */
const needsLoopback = (blocks: readonly Block[]): boolean =>
  !blocks.some(
    ({ head: [keyword, name] }) =>
      (keyword === 'iface' && name === 'lo') || keyword?.startsWith('source'),
  );

/** Paragraphs appended to a text, a blank line between them. */
const joined = (text: string, paragraphs: readonly string[]): string =>
  [
    ...(text === '' ? [] : [text.endsWith('\n') || paragraphs.length === 0 ? text : `${text}\n`]),
    ...paragraphs,
  ].join('\n');
