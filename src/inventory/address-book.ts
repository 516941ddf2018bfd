import { nearest } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { bitsOf, familyOf, formatIpNetwork, normalIp, parseIp, parseIpNetwork } from './address.ts';
import { forwardedNetwork } from './address-rules.ts';
import type { Entry } from './entries.ts';
import type { Findings } from './findings.ts';
import type { WrittenText } from './merge-files.ts';
import type { Group } from './model.ts';
import { isNumeric } from './name-rules.ts';
import type { Networks } from './networks.ts';
import type { RawDomU, RawPlainHost } from './schema.ts';

/** Each is a rule of a firewall. */
const MOST_ADDRESSES_OF_A_NAME = 1024;

interface Names {
  readonly networks: Networks;
  /** Addresses of each host by name; none when it has a DNS name only, null when it is wrong in itself. */
  readonly hosts: ReadonlyMap<string, readonly string[] | null>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Names of all groups, those included that are wrong in themselves. */
  readonly groupNames: ReadonlySet<string>;
}

/** What the names that allow lists take stand for: networks, hosts and groups. */
export class AddressBook {
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /**
   * Networks in CIDR form from what allow lists take: an address, a network, or the name of a network, a
   * host or a group of hosts. null when it is none of them, which is then among the findings, or is known
   * to be wrong in itself.
   */
  cidrsOf({ text, place }: WrittenText, findings: Findings): readonly string[] | null {
    if (text.includes('/') || text.includes(':') || isNumeric(text)) {
      const complaint = forwardedNetwork(text);
      const network = parseIpNetwork(text);
      if (complaint === null && network !== null) return [formatIpNetwork(network)];
      if (complaint !== null) findings.add(place, complaint.message, complaint.hint);
      return null;
    }
    const { networks, hosts, groups, groupNames } = this.#names;
    const isHost = hosts.has(text);
    const isGroup = groupNames.has(text) || groups.has(text);
    if (networks.names.has(text) && (isHost || isGroup)) {
      const message = `${quoted(text)} is a network and a ${isHost ? 'host' : 'group'}`;
      findings.add(place, message, 'give one of them another name');
      return null;
    }
    const network = networks.byName.get(text);
    if (network !== undefined) return [network.subnet];
    if (isHost) return this.#ofHosts([text], null, place, findings);
    const group = groups.get(text);
    if (group !== undefined) return this.#ofHosts(group.hosts, group, place, findings);
    if (!networks.names.has(text) && !isGroup) {
      const names = [...networks.names, ...hosts.keys(), ...groups.keys(), ...groupNames];
      const meant = nearest(text, names);
      const hint =
        meant === null ? 'write a network such as 192.168.0.0/24' : `did you mean "${meant}"?`;
      findings.add(place, `unknown network or host ${quoted(text)}`, hint);
    }
    return null;
  }

  #ofHosts(
    names: readonly string[],
    group: Group | null,
    place: WrittenText['place'],
    findings: Findings,
  ): readonly string[] | null {
    const found = names.map((name) => ({ name, addresses: this.#names.hosts.get(name) ?? null }));
    const nameless = found.find(({ addresses }) => addresses?.length === 0);
    if (nameless !== undefined) {
      const whose = group === null ? '' : ` of the group ${quoted(group.name)}`;
      const hint = `give it one: ${nameless.name}: { address: 192.168.0.10 }`;
      findings.add(place, `${quoted(nameless.name)}${whose} has no numeric address`, hint);
      return null;
    }
    const addresses = found.flatMap((each) => each.addresses ?? []);
    // No addresses would stand for any address.
    if (group !== null && names.length === 0) {
      findings.add(place, `the group ${quoted(group.name)} has no hosts`, 'name one that has');
      return null;
    }
    if (addresses.length > MOST_ADDRESSES_OF_A_NAME) {
      const message = `the group ${quoted(group?.name ?? '')} has ${addresses.length} addresses, and a rule can have ${MOST_ADDRESSES_OF_A_NAME} of a name`;
      findings.add(place, message, 'write their networks');
      return null;
    }
    if (found.some((each) => each.addresses === null)) return null;
    return addresses.map((address) => `${address}/${bitsOf(familyOf(address))}`);
  }
}

/**
 * The addresses that a host has by its entry: those of a guest's vifs, else its numeric `address`. Empty when
 * it has none; null when that may be because something of it is wrong.
 */
export function entryAddresses({
  name,
  raw,
  isWhole,
}: Entry<RawPlainHost & Pick<RawDomU, 'vifs'>>): readonly string[] | null {
  const ofVifs = (raw.vifs ?? []).flatMap(({ ip, ips }) => ips ?? ip ?? []);
  const written = ofVifs.length > 0 ? ofVifs : [raw.address ?? name];
  const addresses = written.filter((text) => parseIp(text) !== null).map(normalIp);
  return isWhole ? addresses : null;
}
