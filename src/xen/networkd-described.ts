import { familyOf, normalIp } from '../inventory/address.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import type { LinkSettings } from './link-settings.ts';
import { networkdFile } from './networkd-file.ts';
import { asksDhcp, keptOf } from './networkd-kept.ts';
import { isPlainMatch, type UnitSection, unitSections } from './networkd-match.ts';
import { anywhere } from './routing.ts';

/**
 * Whether another's `.network` file that is in force for a vif says all that ours would of addresses,
 * routes and rules, and nothing else of them; then there is no need for ours.
 *
 * @param systemd version of networkd there
 */
export function describes(
  text: string,
  domU: DomU,
  settings: LinkSettings,
  systemd: number,
): boolean {
  const { vif } = settings;
  if (!isPlainMatch(text) || asksDhcp(text)) return false;
  const kept = keptOf(text, domU, vif);
  const wanted = networkdFile(settings, systemd, { path: '', text: kept });
  return meaningOf(text, vif) === meaningOf(wanted, vif);
}

/** What a file says to networkd: in any order but of addresses, the first of which is the main one. */
function meaningOf(text: string, vif: Vif): string {
  const statements = unitSections(text).flatMap((section) => statementsOf(section, vif));
  const [first = '', ...more] = statements.filter((one) => one.startsWith('Address '));
  const others = statements.filter((one) => !one.startsWith('Address '));
  return [first, ...[...more, ...others].toSorted()].join('\n');
}

function statementsOf({ name, options }: UnitSection, vif: Vif): readonly string[] {
  switch (name) {
    case 'Match':
    case 'DHCP':
    case 'DHCPv4':
    case 'DHCPv6':
      return [];
    case 'Network':
      return options.flatMap(({ key, value }) => networkStatement(key, value, vif));
    case 'Address': {
      const [only, ...more] = options;
      return more.length === 0 && only?.key === 'Address'
        ? [`Address ${cidr(only.value)}`]
        : [sectionStatement(name, options)];
    }
    case 'Route':
      return [routeStatement(options)];
    default:
      return [sectionStatement(name, options)];
  }
}

type Options = UnitSection['options'];

function networkStatement(key: string, value: string, vif: Vif): readonly string[] {
  if (key === 'Address') return [`Address ${cidr(value)}`];
  if (key === 'Gateway') return [routeStatement([{ key, value, text: '' }])];
  if (key === 'DHCP') return []; // it asks for nothing: see `describes`
  const isAdvertised = key === 'IPv6AcceptRA' || key === 'IPv6AcceptRouterAdvertisements';
  if (isAdvertised && vif.ipv6 !== null && /^(?:no|false|0|off|n|f)$/i.test(value)) {
    return ['Network IPv6AcceptRA=no'];
  }
  return [`Network ${key}=${value}`];
}

/** A gateway without a destination is the default one (systemd.network(5)). */
function routeStatement(options: Options): string {
  const said = new Map(options.map(({ key, value }) => [key, value]));
  const gateway = said.get('Gateway');
  const isPlain = gateway !== undefined && said.size === options.length;
  if (!isPlain) return sectionStatement('Route', options);
  said.set('Destination', cidr(said.get('Destination') ?? anywhere[familyOf(gateway)]));
  said.set('Gateway', normalIp(gateway));
  if (said.get('Table') === '254' || said.get('Table') === 'main') said.delete('Table');
  return `Route ${[...said]
    .map((pair) => pair.join('='))
    .toSorted()
    .join(' ')}`;
}

const cidr = (text: string): string => {
  const [ip = '', ...prefix] = text.split('/');
  return [normalIp(ip), ...prefix].join('/');
};

const sectionStatement = (name: string, options: Options): string =>
  `${name} ${options
    .map(({ key, value }) => `${key}=${value}`)
    .toSorted()
    .join(' ')}`;
