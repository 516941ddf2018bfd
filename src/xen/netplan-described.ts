import { familyOf, normalIp } from '../inventory/address.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import { nodeAt, type SourceNode, toData } from '../source/source-node.ts';
import { linkSettings } from './link-settings.ts';
import {
  concerns,
  type Definition,
  definitionsOf,
  isPlainMatch,
  type NetplanSource,
  ownPartsOf,
} from './netplan-definitions.ts';
import { netplanFile } from './netplan-file.ts';
import { anywhere } from './routing.ts';

/**
 * Whether another's files say all of every vif that ours would, and nothing else of addresses, routes,
 * rules and names; then there is no need for ours.
 *
 * @param setsNames whether interface names are tied to MACs here
 */
export function areDescribed(
  domU: DomU,
  sources: readonly NetplanSource[],
  setsNames: boolean,
): boolean {
  const settings = linkSettings(domU).map((each) => ({ id: each.vif.iface, settings: each }));
  if (domU.vifs.length === 0) return false;
  const ours = parseYaml(Buffer.from(netplanFile(settings, setsNames), 'latin1'), '');
  if (!ours.ok) return false;
  const wanted = definitionsOf(ours.value);
  return domU.vifs.every((vif, place) => {
    const about = sources.flatMap(({ path, root }) =>
      definitionsOf(root).flatMap((definition) =>
        concerns(definition, vif) === null ? [] : [{ path, definition }],
      ),
    );
    const [found, second] = about;
    const own = wanted[place];
    if (found === undefined || second !== undefined || own === undefined) return false;
    const { path, definition } = found;
    return (
      path.startsWith('/etc/') &&
      concerns(definition, vif) === 'own' &&
      (!setsNames || givesName(definition, vif)) &&
      meaningOf(definition, domU, vif) === meaningOf(own, domU, vif)
    );
  });
}

const givesName = ({ node }: Definition, { iface }: Vif): boolean =>
  isPlainMatch(node) && scalar(nodeAt(node, ['set-name'])) === iface;

/** Keys that say how an interface is found, or whose default is what ours says. */
const passed = new Set('match set-name dhcp-identifier dhcp4-overrides dhcp6-overrides'.split(' '));

/** What is ours to say, in any order but of addresses, the first of which is the main one. */
function meaningOf(definition: Definition, domU: DomU, vif: Vif): string {
  const { parts } = ownPartsOf(definition, domU, vif);
  const whole = parts.some((part) => part.length === definition.path.length);
  const entries = definition.node.kind === 'map' ? [...definition.node.entries] : [];
  const statements = entries.flatMap(([key, { value }]): readonly string[] => {
    if (passed.has(key)) return [];
    const at = [...definition.path, key];
    const said = parts.filter((part) => part.length > at.length && part[at.length - 1] === key);
    const isWhole = whole || parts.some((part) => part.length === at.length && part.at(-1) === key);
    if (isWhole) return statementsOf(key, value);
    const items = value.kind === 'list' ? value.items : [];
    const own = said.flatMap((part) => items[Number(part.at(-1))] ?? []);
    return own.flatMap((item) => statementOfItem(key, item));
  });
  const [first = '', ...more] = statements.filter((one) => one.startsWith('addresses '));
  const others = statements.filter((one) => !one.startsWith('addresses '));
  return [first, ...[...more, ...others].toSorted()].join('\n');
}

function statementsOf(key: string, value: SourceNode): readonly string[] {
  if (value.kind === 'list') return value.items.flatMap((item) => statementOfItem(key, item));
  const text = scalar(value) ?? JSON.stringify(toData(value));
  const isOff = /^(?:false|no|off|n)$/i.test(text); // YAML 1.1, as netplan reads it
  if (/^dhcp[46]$/.test(key) && isOff) return [];
  if (key === 'accept-ra' && isOff) return ['accept-ra false'];
  if (/^gateway[46]$/.test(key)) return [route({ via: text })];
  return [`${key} ${text}`];
}

function statementOfItem(key: string, item: SourceNode): readonly string[] {
  const text = scalar(item);
  if (text !== null) {
    const [ip = '', ...prefix] = text.split('/');
    return [`${key} ${[normalIp(ip), ...prefix].join('/')}`];
  }
  const said = Object.fromEntries(
    item.kind === 'map'
      ? [...item.entries].map(([name, { value }]) => [
          name,
          scalar(value) ?? JSON.stringify(toData(value)),
        ])
      : [],
  );
  return [key === 'routes' ? route(said) : `${key} ${wordsOf(said)}`];
}

type Said = Readonly<Record<string, string>>;

/** `default`, and what `gateway4` and `gateway6` say, in the words of a route. */
function route({ to = 'default', via = '', table = '254', ...more }: Said): string {
  const destination = to === 'default' ? anywhere[familyOf(via)] : to;
  return `routes ${wordsOf({ ...more, to: destination, via: normalIp(via), table })}`;
}

const wordsOf = (said: Said): string =>
  Object.entries(said)
    .map((pair) => pair.join('='))
    .toSorted()
    .join(' ');

const scalar = (node: SourceNode | undefined): string | null =>
  node?.kind === 'scalar' && node.value !== null ? `${node.value}` : null;
