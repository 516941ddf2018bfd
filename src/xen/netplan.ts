import type { DomU, Vif } from '../inventory/model.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import { placeOf } from '../source/source-node.ts';
import { type Place, placeName } from '../source/source-text.ts';
import { linkSettings } from './link-settings.ts';
import { cutEntries } from './netplan-cut.ts';
import {
  concerns,
  type Definition,
  definitionsOf,
  type NetplanSource,
  networkManagerIn,
  otherIdsOf,
  ownPartsOf,
  referencesOf,
} from './netplan-definitions.ts';
import { areDescribed } from './netplan-described.ts';
import { netplanFile } from './netplan-file.ts';
import { isWhollyOurs, type ObservedFile, textOf } from './whole-file.ts';

/** Where netplan reads, the strongest first (netplan-generate(8)). */
export const netplanDirectories = ['/run/netplan', '/etc/netplan', '/lib/netplan'] as const;

/** Our own file. */
export const netplanPath = '/etc/netplan/60-xpush.yaml';

/** What netplan should find, or why that can't be. */
export type NetplanPlan =
  | {
      /** Ours first; none where others' say it all. */
      readonly files: readonly { readonly path: string; readonly text: string }[];
      /** Sentences about files of others. */
      readonly remarks: readonly string[];
    }
  | { readonly refusal: string; readonly hint: string | null };

/** A definition of another's that is about a vif alone. */
interface Found {
  readonly source: NetplanSource;
  readonly definition: Definition;
  readonly isWhole: boolean;
}

/**
 * Our file with a definition for each vif, and files of others without what they say of addresses,
 * routes, rules and names of our vifs: netplan would add that to ours, since it merges definitions of
 * the same id. What they say besides (name servers, MTU, routes of their own) stays where it is. Nothing
 * is to be done where they say of all vifs what ours would.
 *
 * @param observed what netplan reads, in its order (`inForce`)
 * @param setsNames whether interface names are tied to MACs here
 */
export function netplanPlan(
  domU: DomU,
  observed: readonly ObservedFile[],
  setsNames: boolean,
): NetplanPlan {
  const sources: NetplanSource[] = [];
  const own: NetplanSource[] = [];
  for (const { path, file } of observed) {
    const text = textOf(file);
    if (text === null) return { refusal: `${path} cannot be read`, hint: 'log in as root' };
    const parsed = parseYaml(Buffer.from(text, 'latin1'), path);
    if (isWhollyOurs(file)) {
      if (parsed.ok) own.push({ path, text, root: parsed.value });
      continue;
    }
    if (path === netplanPath) {
      return { refusal: `${path} is there, and not xpush's`, hint: 'give it another name' };
    }
    if (!parsed.ok) {
      const [first] = parsed.diagnostics;
      const { line = 1, column = 1 } = first?.position ?? {};
      const what = first?.message ?? 'it is no YAML';
      return {
        refusal: `${path}:${line}:${column}: ${what}`,
        hint: "xpush must know what it says of the guest's interfaces",
      };
    }
    sources.push({ path, text, root: parsed.value });
  }

  const found = new Map(domU.vifs.map((vif) => [vif, foundFor(vif, domU, sources)]));
  const theirIds = [...found.values()].flat().map(({ definition }) => definition.id);
  const isOfNetworkd = sources.every(({ root }) => !networkManagerIn(root, new Set(theirIds)));
  if (own.length === 0 && isOfNetworkd && areDescribed(domU, sources, setsNames)) {
    const paths = new Set([...found.values()].flat().map(({ source }) => source.path));
    return { files: [], remarks: [`${[...paths].join(', ')} describes them already`] };
  }
  const edited = editedFiles(domU, sources);
  if ('refusal' in edited) return edited;
  const ids = idsOf(domU, found, sources, own);
  if ('refusal' in ids) return ids;
  for (const { path, root } of sources) {
    const renderer = networkManagerIn(root, new Set(ids.byVif.values()));
    if (renderer !== null) {
      return {
        refusal: `${placeName(renderer.place)}: netplan hands the interfaces to NetworkManager, whose policy routing xpush does not write`,
        hint: `say "renderer: networkd" in ${path}`,
      };
    }
  }
  const links = linkSettings(domU).map((settings) => ({
    id: ids.byVif.get(settings.vif) ?? settings.vif.iface,
    settings,
  }));
  return {
    files: [{ path: netplanPath, text: netplanFile(links, setsNames) }, ...edited.files],
    remarks: edited.files.map(({ path }) => `what ${path} said of them is taken out`),
  };
}

function foundFor(vif: Vif, domU: DomU, sources: readonly NetplanSource[]): readonly Found[] {
  return sources.flatMap((source) =>
    definitionsOf(source.root)
      .filter((definition) => concerns(definition, vif) === 'own')
      .map((definition) => ({
        source,
        definition,
        isWhole: ownPartsOf(definition, domU, vif).isWhole,
      })),
  );
}

type EditedFiles = { readonly files: readonly { readonly path: string; readonly text: string }[] };
type Refusal = { readonly refusal: string; readonly hint: string | null };

function editedFiles(domU: DomU, sources: readonly NetplanSource[]): EditedFiles | Refusal {
  const files: { path: string; text: string }[] = [];
  for (const source of sources) {
    const definitions = definitionsOf(source.root);
    const parts = domU.vifs.flatMap((vif) =>
      definitions
        .filter((definition) => concerns(definition, vif) === 'own')
        .flatMap((definition) => ownPartsOf(definition, domU, vif).parts),
    );
    const [first] = parts;
    if (first === undefined) continue;
    if (!source.path.startsWith('/etc/')) {
      return speaksOfOurs(
        placeOf(source.root, first, 'key'),
        `it is made by a program: put a file of the same name into ${netplanPath.replace(/[^/]*$/, '')}`,
      );
    }
    const result = cutEntries(source.text, source.root, parts);
    if ('inseparable' in result) {
      return speaksOfOurs(
        result.inseparable,
        'it shares its line with something else: write one key a line, or take it out by hand',
      );
    }
    files.push({ path: source.path, text: result.text });
  }
  return { files };
}

const speaksOfOurs = (place: Place, hint: string): Refusal => ({
  refusal: `${placeName(place)} says what the inventory says of the guest's interfaces, and can't be taken out`,
  hint,
});

/**
 * The ids of our definitions: that of another's definition of which something stays, or that other
 * definitions build upon; else the interface's name. networkd uses the first file that matches, in the
 * order of ids, so that a definition for all `eth*` must not come before ours.
 */
function idsOf(
  domU: DomU,
  found: ReadonlyMap<Vif, readonly Found[]>,
  sources: readonly NetplanSource[],
  own: readonly NetplanSource[],
): { readonly byVif: ReadonlyMap<Vif, string> } | Refusal {
  const definitions = sources.flatMap(({ root }) => definitionsOf(root));
  const references = new Set(sources.flatMap(({ root }) => referencesOf(root)));
  const others = new Set(sources.flatMap(({ root }) => otherIdsOf(root)));
  const byVif = new Map<Vif, string>();
  for (const vif of domU.vifs) {
    const theirs = found.get(vif) ?? [];
    const before = own.flatMap(({ root }) =>
      definitionsOf(root).filter((definition) => concerns(definition, vif) === 'own'),
    );
    const bound = new Set([
      ...theirs.filter(({ isWhole }) => !isWhole).map(({ definition }) => definition.id),
      ...[...theirs.map(({ definition }) => definition), ...before]
        .map(({ id }) => id)
        .filter((id) => references.has(id)),
    ]);
    if (bound.size > 1) {
      return {
        refusal: `netplan's files have several definitions of ${vif.iface}: ${[...bound].join(', ')}`,
        hint: 'leave one of them',
      };
    }
    const general = definitions.filter((definition) => concerns(definition, vif) === 'general');
    const isTaken = (id: string): boolean =>
      others.has(id) ||
      definitions.some((each) => each.id === id && concerns(each, vif) !== 'own') ||
      general.some((each) => each.id < id);
    const [id = isTaken(vif.iface) ? `00-${vif.iface}` : vif.iface] = bound;
    const inWay = general.find((each) => each.id < id);
    if (inWay !== undefined) {
      return {
        refusal: `${placeName(inWay.node.place)}: the definition ${inWay.id} comes before ${id} and is also for ${vif.iface}`,
        hint: 'give it an id that sorts later',
      };
    }
    byVif.set(vif, id);
  }
  return { byVif };
}
