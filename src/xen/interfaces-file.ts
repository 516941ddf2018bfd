import type { DomU, Vif } from '../inventory/model.ts';
import { isOwnOption, saysTheSame } from './interfaces-options.ts';
import { stanzaOptions } from './interfaces-stanza.ts';
import { splitJoinedLines } from './own-lines.ts';

/** Where ifupdown finds what to do at boot (interfaces(5)). */
export const interfacesPath = '/etc/network/interfaces';

/** A stanza with the lines up to its last option, or lines between stanzas. */
interface Block {
  readonly lines: readonly string[];
  /** Words of the first line when it begins a stanza, else empty. */
  readonly head: readonly string[];
}

/**
 * ifupdown's file with a static stanza for each vif, whose state after `ifup -a` is what
 * `desiredRouting` says. Ours are the IPv4 stanzas of the guest's interfaces and of their aliases
 * (`eth0:1`) that hold one of its addresses, whoever wrote them; what they say besides addresses,
 * routes and rules is kept. A name of ours that no `auto` line has gets one. Every other line stays
 * byte for byte. Stanzas in files that this one takes in by
 * `source` are not seen. null stands for no file.
 */
export function interfacesFile(text: string | null, domU: DomU): string {
  const blocks = blocksOf(text ?? '');
  const aliases = aliasesOfOurs(blocks, domU);
  const written = new Set<Vif>();
  const kept = blocks.flatMap((block): readonly string[] => {
    const [keyword = '', name = '', family] = block.head;
    if (/^(?:auto|allow-.+)$/.test(keyword)) return withoutNames(block, aliases);
    if (keyword !== 'iface' || family !== 'inet') return block.lines;
    if (aliases.has(name)) return [];
    const vif = domU.vifs.find((each) => each.iface === name);
    if (vif === undefined) return block.lines;
    if (written.has(vif)) return [];
    written.add(vif);
    return rewritten(block, domU, vif);
  });

  const autos = new Set(blocks.filter(isAuto).flatMap((block) => block.head.slice(1)));
  const auto = (name: string): string => (autos.has(name) ? '' : `auto ${name}\n`);
  const missing = domU.vifs
    .filter((vif) => !written.has(vif))
    .map((vif) => `${auto(vif.iface)}${stanza(vif, stanzaOptions(domU, vif))}`);
  const unnamed = domU.vifs
    .filter((vif) => written.has(vif))
    .map((vif) => auto(vif.iface))
    .filter((line) => line !== '');
  return joined(kept.join(''), [
    ...unnamed,
    ...(needsLoopback(blocks) ? [loopback(auto)] : []),
    ...missing,
  ]);
}

const loopback = (auto: (name: string) => string): string =>
  `${auto('lo')}iface lo inet loopback\n`;

/** A file that takes in others may have it there. */
const needsLoopback = (blocks: readonly Block[]): boolean =>
  !blocks.some(
    ({ head: [keyword, name] }) =>
      (keyword === 'iface' && name === 'lo') || keyword?.startsWith('source'),
  );

const stanza = (vif: Vif, options: readonly string[]): string =>
  `iface ${vif.iface} inet ${methodOf(vif)}\n${options.map((option) => ` ${option}\n`).join('')}`;

const methodOf = (vif: Vif): string => (vif.ipv4 === null ? 'manual' : 'static');

/** Paragraphs appended to a text, a blank line between them. */
const joined = (text: string, paragraphs: readonly string[]): string =>
  [
    ...(text === '' ? [] : [text.endsWith('\n') || paragraphs.length === 0 ? text : `${text}\n`]),
    ...paragraphs,
  ].join('\n');

/** The stanza as it is, if it says what it should; else ours, with what it said besides behind it. */
function rewritten(block: Block, domU: DomU, vif: Vif): readonly string[] {
  const [, ...lines] = block.lines;
  const isOwn = (line: string): boolean => isOwnOption(wordsOf(line).join(' '), domU);
  const said = lines.filter(isOwn).map((line) => wordsOf(line).join(' '));
  const wanted = stanzaOptions(domU, vif);
  if (block.head[3] === methodOf(vif) && saysTheSame(said, wanted)) return block.lines;
  const kept = lines.filter((line) => !isOwn(line) && line.trim() !== '');
  return [stanza(vif, wanted), ...kept];
}

/** Names such as `eth0:1` of stanzas that hold an address which the vif's own stanza brings up. */
function aliasesOfOurs(blocks: readonly Block[], domU: DomU): ReadonlySet<string> {
  const names = blocks.flatMap(({ head: [keyword, name = '', family], lines }) => {
    const vif = domU.vifs.find((each) => name.startsWith(`${each.iface}:`));
    const isOurs = lines.some((line) => {
      const [key, value = ''] = wordsOf(line);
      return key === 'address' && vif?.ips.includes(value.split('/')[0] ?? '');
    });
    return keyword === 'iface' && family === 'inet' && isOurs ? [name] : [];
  });
  return new Set(names);
}

const isAuto = ({ head: [keyword] }: Block): boolean =>
  keyword === 'auto' || keyword === 'allow-auto';

function withoutNames(block: Block, names: ReadonlySet<string>): readonly string[] {
  const [keyword = '', ...listed] = block.head;
  const left = listed.filter((name) => !names.has(name));
  if (left.length === listed.length) return block.lines;
  return left.length === 0 ? [] : [`${keyword} ${left.join(' ')}\n`];
}

const stanzaStart =
  /^(?:iface|mapping|template|auto|allow-\S+|no-auto-down|no-scripts|source|source-directory|source-dir|rename)$/;

function blocksOf(text: string): readonly Block[] {
  const blocks: { head: readonly string[]; lines: string[]; between: string[] }[] = [];
  for (const line of splitJoinedLines(text)) {
    const words = wordsOf(line);
    const last = blocks.at(-1);
    if (stanzaStart.test(words[0] ?? '')) {
      blocks.push({ head: words, lines: [line], between: [] });
    } else if (last === undefined) {
      blocks.push({ head: [], lines: [], between: [line] });
    } else if (words.length === 0) {
      last.between.push(line);
    } else {
      for (const blank of last.between.splice(0)) last.lines.push(blank);
      last.lines.push(line);
    }
  }
  return blocks.flatMap(({ head, lines, between }) => [
    { head, lines },
    { head: [], lines: between },
  ]);
}

/** Of a line, joined with the next by a backslash at its end; none of a comment. */
const wordsOf = (line: string): readonly string[] =>
  /^\s*#/.test(line) ? [] : line.replaceAll('\\\n', ' ').split(/\s+/).filter(Boolean);
