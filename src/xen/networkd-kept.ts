import type { DomU, Vif } from '../inventory/model.ts';
import { type UnitOption, unitSections } from './networkd-match.ts';
import { isOwnRoute, isOwnRule } from './own-routing.ts';

/** What a `.network` file says of a vif that is ours to say. */
const ownSections = new Set([
  'Match',
  'Address',
  'DHCP',
  'DHCPv4',
  'DHCPv6',
  'DHCPPrefixDelegation',
]);
const ownOptions: Readonly<Record<string, readonly string[]>> = {
  Network: ['Address', 'Gateway', 'DHCP'],
  Link: ['Unmanaged', 'ActivationPolicy'],
};
const ownOfIpv6 = ['IPv6AcceptRA', 'IPv6AcceptRouterAdvertisements', 'LinkLocalAddressing'];

/**
 * The sections of another's `.network` file that must go on being in force for a vif when ours takes
 * its place, since networkd reads one file for an interface: name servers, VLANs, MTU, routes and
 * rules that are not ours. Empty when there are none.
 */
export function keptOf(text: string, domU: DomU, vif: Vif): string {
  return unitSections(text)
    .filter(({ name }) => !ownSections.has(name) && !(name === 'IPv6AcceptRA' && vif.ipv6 !== null))
    .map(({ name, options }) => ({ name, options: keptOptions(name, options, domU, vif) }))
    .filter(({ options }) => options.length > 0)
    .map(({ name, options }) => `[${name}]\n${options.map((option) => option.text).join('')}`)
    .join('\n');
}

/** Whether the file asks DHCP for an address, which ours does not. */
export function asksDhcp(text: string): boolean {
  return unitSections(text).some(
    ({ name, options }) =>
      name === 'Network' &&
      options.some(
        ({ key, value }) => key === 'DHCP' && !/^(no|false|0|off|n|f|none)$/i.test(value),
      ),
  );
}

function keptOptions(
  section: string,
  options: readonly UnitOption[],
  domU: DomU,
  vif: Vif,
): readonly UnitOption[] {
  const said = (key: string): string | null =>
    options.findLast((option) => option.key === key)?.value ?? null;
  if (section === 'Route' && isOwnRoute(domU, said('Destination'), said('Table'))) return [];
  if (section === 'RoutingPolicyRule' && isOwnRule(domU, said('From'), said('Table'))) {
    return [];
  }
  const own = [
    ...(ownOptions[section] ?? []),
    ...(section === 'Network' && vif.ipv6 !== null ? ownOfIpv6 : []),
  ];
  return options.filter(({ key }) => !own.includes(key));
}
