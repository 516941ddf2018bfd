import type { ChainsState, NftState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { holds } from '../xen/firewall-address.ts';
import { isOurs } from '../xen/nft-places.ts';
import type { Subject } from './model.ts';

/** A rule of somebody else's that drops or rejects forwarded packets. */
export interface ForeignDrop {
  /** As the host prints it, after its chain. */
  readonly text: string;
  /** Networks that it is for, and ports; empty: any. */
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly sports: readonly (readonly [first: number, last: number])[];
  readonly dports: readonly (readonly [first: number, last: number])[];
}

/** In iptables, those of the chains that every forwarded packet meets. */
export function iptablesDrops({ chains }: ChainsState): readonly ForeignDrop[] {
  return ['raw/PREROUTING', 'FORWARD'].flatMap((chain) =>
    (chains.get(chain) ?? []).flatMap((rule) => {
      const words = ` ${rule}`;
      if (!/ -j (?:DROP|REJECT)\b/.test(words) || !isForNewTcp(words)) return [];
      return [
        {
          text: `${chain}: ${rule}`,
          sources: valuesOf(words, / -s (\S+)/),
          destinations: valuesOf(words, / -d (\S+)/),
          sports: rangesOf(valuesOf(words, / --sports? (\S+)/)),
          dports: rangesOf(valuesOf(words, / --dports? (\S+)/)),
        },
      ];
    }),
  );
}

/** Whether a rule may be for new TCP connections; negations are not weighed, so they are not blamed. */
function isForNewTcp(words: string): boolean {
  const [proto] = valuesOf(words, / -p (\S+)/);
  const [states] = valuesOf(words, / --(?:ct)?state (\S+)/);
  return (
    !/ ! /.test(words) &&
    (proto === undefined || proto === 'tcp' || proto === 'all') &&
    (states === undefined || states.split(',').includes('NEW')) &&
    !/ -[io] lo\b/.test(words)
  );
}

/** In native nftables, those of its base chains that are not ours. */
export function nftDrops({ bases }: NftState): readonly ForeignDrop[] {
  return bases
    .filter(({ isOfIptables }) => !isOfIptables)
    .flatMap(({ family, table, chain, rules }) =>
      rules.filter(isNftDrop).map((rule) => ({
        text: `${family} ${table} ${chain}: ${rule}`,
        sources: valuesOf(rule, /\bip6? saddr (\{[^}]*\}|\S+)/),
        destinations: valuesOf(rule, /\bip6? daddr (\{[^}]*\}|\S+)/),
        sports: rangesOf(valuesOf(rule, /\bsport (\{[^}]*\}|\S+)/)),
        dports: rangesOf(valuesOf(rule, /\bdport (\{[^}]*\}|\S+)/)),
      })),
    );
}

/** Whether a rule of others may drop new TCP connections; negations are not weighed here either. */
function isNftDrop(rule: string): boolean {
  const [, matches] = /^(.*?)\b(?:drop|reject)\b/.exec(rule) ?? [];
  return (
    matches !== undefined &&
    !isOurs(rule) &&
    !/!=|\b(?:udp|icmp|icmpv6)\b|"lo"/.test(matches) &&
    (!/\bct state\b/.test(matches) || /\bct state [^ ]*\bnew\b/.test(matches))
  );
}

/** The families whose FORWARD has the policy DROP. */
export function closingPolicies(live: Readonly<Record<Family, ChainsState>>): readonly Family[] {
  return ([4, 6] as const).filter((family) => live[family].policies.get('FORWARD') === 'DROP');
}

/** The first rule that drops connections to these ports of the address, or its answers; null: none. */
export function dropOf(
  { address }: Subject,
  ports: readonly number[],
  drops: readonly ForeignDrop[],
): string | null {
  const has = (networks: readonly string[]): boolean =>
    networks.some((network) => holds(network, address));
  const hasPort = (ranges: ForeignDrop['dports']): boolean =>
    ranges.length === 0 ||
    ranges.some(([first, last]) => ports.some((port) => first <= port && port <= last));
  const found = drops.find(({ sources, destinations, sports, dports }) => {
    const isIn =
      (has(destinations) || (destinations.length === 0 && sources.length === 0)) &&
      sports.length === 0 &&
      hasPort(dports);
    const isBack = has(sources) && dports.length === 0 && hasPort(sports);
    return isIn || isBack;
  });
  return found?.text ?? null;
}

/** The values of a word, those of a set one by one. */
function valuesOf(rule: string, word: RegExp): readonly string[] {
  const value = word.exec(rule)?.[1];
  return value?.match(/[^\s{},]+/g) ?? [];
}

function rangesOf(values: readonly string[]): readonly (readonly [number, number])[] {
  return values.map((value) => {
    const [first = 0, last = first] = value.split(/[:-]/).map(Number);
    return [first, last];
  });
}
