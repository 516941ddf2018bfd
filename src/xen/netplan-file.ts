import type { Route, Rule } from '../host/query.ts';
import type { LinkSettings } from './link-settings.ts';
import { mainTable } from './routing.ts';
import { ownHeader } from './whole-file.ts';

/** What a definition of netplan's is about. */
export interface NetplanLink {
  /** The name of the definition; netplan merges those of all files by it. */
  readonly id: string;
  readonly settings: LinkSettings;
}

/**
 * Our file for netplan(5), one definition for each vif.
 *
 * @param setsNames whether it also ties the interfaces' names to their MACs
 */
export function netplanFile(links: readonly NetplanLink[], setsNames: boolean): string {
  return [
    `${ownHeader}network:`,
    '  version: 2',
    '  ethernets:',
    ...links.flatMap((link) => definition(link, setsNames)),
    '',
  ].join('\n');
}

/** Our file without our policy routing and our header, for a guest that xpush leaves. */
export function plainNetplanFile(text: string): string {
  return text
    .slice(ownHeader.length)
    .replace(/^ +- \{.*"?table"?: .*\n/gm, '')
    .replace(/^ +(?:routes|routing-policy):\n(?! +- )/gm, '');
}

function definition({ id, settings }: NetplanLink, setsNames: boolean): readonly string[] {
  const { vif, addresses, routes, rules } = settings;
  return [
    `    ${plain(id)}:`,
    `      match: ${flow({ macaddress: vif.mac })}`,
    ...(setsNames ? [`      set-name: ${plain(vif.iface)}`] : []),
    '      dhcp4: false',
    '      dhcp6: false',
    ...(vif.ipv6 === null ? [] : ['      accept-ra: false']),
    ...list(
      'addresses',
      addresses.map(({ ip, prefix }) => JSON.stringify(`${ip}/${prefix}`)),
    ),
    ...list('routes', routes.map(routeOf)),
    ...list('routing-policy', rules.map(ruleOf)),
  ];
}

const list = (key: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : [`      ${key}:`, ...items.map((item) => `        - ${item}`)];

/** A route without a gateway must say that it is of the link: of any other netplan wants one. */
const routeOf = ({ destination, via, src, scope, metric, table, rest }: Route): string =>
  flow({
    to: destination,
    via,
    'on-link': /\bonlink\b/.test(rest) ? true : null,
    from: src,
    scope: via === null ? (scope ?? 'link') : scope,
    metric,
    table: table === mainTable ? null : table,
  });

const ruleOf = ({ from, table, priority }: Rule): string => flow({ from, table, priority });

/** In one line; without what is null. JSON's texts are YAML's, of 1.1 too, and are never numbers. */
function flow(fields: Readonly<Record<string, string | number | boolean | null>>): string {
  const written = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `{${written.join(', ')}}`;
}

/** Quoted where YAML 1.1 could take it for something else than a text (`on`, `1e3`). */
const plain = (name: string): string => (/^eth\d+$/.test(name) ? name : JSON.stringify(name));
