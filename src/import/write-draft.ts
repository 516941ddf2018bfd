import { flowList, writeYaml, type YamlPair, type YamlValue } from '../source/write-yaml.ts';
import type { Draft, DraftAllow, DraftDom0, DraftDomU, DraftNetwork, DraftVif } from './draft.ts';

/** Whom the hosts were looked at as, when that is not who logged in. */
export interface DraftBecome {
  readonly method: string;
  readonly user: string;
}

/** The text of an inventory; `head` are the comments at its top. */
export function writeDraft(
  draft: Draft,
  head: readonly string[],
  become: DraftBecome | null = null,
): string {
  const { networks, dom0s, domUs } = draft;
  const sections: readonly (readonly [string, readonly YamlPair[]])[] = [
    ['networks', networks.map(networkPair)],
    ['dom0', dom0s.map(dom0Pair)],
    ['domU', domUs.map(domUPair)],
  ];
  const written = sections.filter(([, pairs]) => pairs.length > 0);
  const raised = become === null ? [] : [{ key: 'become', value: becomeValue(become) }];
  return writeYaml(head, [
    ...raised,
    ...written.map(([key, pairs], index) => {
      return { key, value: { pairs, isFlow: false }, isApart: index + raised.length > 0 };
    }),
  ]);
}

/** What is usual is left out. */
function becomeValue({ method, user }: DraftBecome): YamlValue {
  const pairs = texts({
    method: method === 'sudo' ? null : method,
    user: user === 'root' ? null : user,
  });
  return pairs.length === 0 ? true : { pairs, isFlow: true };
}

function networkPair({ name, subnet, gateway, remarks }: DraftNetwork): YamlPair {
  const pairs = [
    { key: 'subnet', value: subnet },
    ...(gateway === null ? [] : [{ key: 'gateway', value: gateway }]),
  ];
  return { key: name, value: { pairs, isFlow: true }, comments: remarks };
}

function dom0Pair(dom0: DraftDom0): YamlPair {
  const { name, address, uplink, version, toolstack, firewall, remarks } = dom0;
  const xen = [
    // a number would lose its last zero
    ...(version === null ? [] : [{ key: 'version', value: { quoted: version } }]),
    ...(toolstack === null ? [] : [{ key: 'toolstack', value: toolstack }]),
  ];
  const { policy, admin, log, rules, antispoof } = firewall;
  const filter: YamlPair[] = [
    ...texts({ policy }),
    ...(admin === null ? [] : [{ key: 'admin', value: flowList(admin) }]),
    ...texts({ log }),
    ...(rules.length === 0 ? [] : [{ key: 'rules', value: allowList(rules) }]),
  ];
  const pairs: YamlPair[] = [
    ...texts({ address, uplink: uplink === 'eth0' ? null : uplink }),
    ...(xen.length === 0 ? [] : [{ key: 'xen', value: { pairs: xen, isFlow: true } }]),
    ...(filter.length === 0 ? [] : [{ key: 'firewall', value: { pairs: filter, isFlow: false } }]),
    ...(antispoof ? [{ key: 'antispoof', value: true }] : []),
  ];
  const isFlow = filter.length === 0;
  return { key: name, value: { pairs, isFlow }, comments: remarks };
}

function domUPair(guest: DraftDomU, index: number): YamlPair {
  const { dom0, address, config, names, networkConfig, vifs, allow } = guest;
  const pairs: YamlPair[] = [
    ...texts({ dom0, address }),
    ...(guest.isBehindDom0
      ? [{ key: 'ssh', value: { pairs: [{ key: 'jump', value: 'dom0' }], isFlow: true } }]
      : []),
    ...texts({ config, names, network_config: networkConfig }),
    ...(vifs === null
      ? []
      : [{ key: 'vifs', value: { items: vifs.map(vifValue), isFlow: false } }]),
    ...(allow === null ? [] : [{ key: 'allow', value: allowList(allow) }]),
  ];
  return {
    key: guest.name,
    value: { pairs, isFlow: false },
    comments: guest.remarks,
    isApart: index > 0,
  };
}

function vifValue(vif: DraftVif): YamlValue {
  const { iface, mac, ips, table, script, bridge, vifname, gatewaydev, rate, model } = vif;
  const [ip, ...more] = ips;
  const tablePairs = [
    ...(table === null ? [] : [{ key: 'id', value: table.id }]),
    ...texts({ name: table?.name ?? null }),
  ];
  return {
    pairs: [
      ...texts({ iface }),
      ...(mac === null ? [] : [{ key: 'mac', value: { quoted: mac } }]),
      ...(ip !== undefined && more.length === 0
        ? [{ key: 'ip', value: addressValue(ip) }]
        : [{ key: 'ips', value: flowList(ips.map(addressValue)) }]),
      ...(table === null ? [] : [{ key: 'table', value: { pairs: tablePairs, isFlow: true } }]),
      ...texts({ script, bridge, vifname, gatewaydev, rate, model }),
    ],
    isFlow: true,
  };
}

/** In YAML, `2001:db8::` would be a key. */
function addressValue(text: string): YamlValue {
  return text.includes(':') ? { quoted: text } : text;
}

function allowList(entries: readonly DraftAllow[]): YamlValue {
  return { items: entries.map(allowValue), isFlow: entries.length === 0 };
}

function allowValue({ proto, direction, comment, ...entry }: DraftAllow): YamlValue {
  const ports = (list: readonly string[]) =>
    flowList(list.map((port) => (port.includes('-') ? { quoted: port } : Number(port))));
  const networks = (list: readonly string[]) => flowList(list.map(addressValue));
  const lists: readonly (readonly [string, readonly string[], YamlValue])[] = [
    ['ports', entry.ports, ports(entry.ports)],
    ['from', entry.from, networks(entry.from)],
    ['from_ports', entry.fromPorts, ports(entry.fromPorts)],
    ['to', entry.to, networks(entry.to)],
  ];
  return {
    pairs: [
      { key: 'proto', value: proto },
      ...lists.flatMap(([key, list, value]) => (list.length === 0 ? [] : [{ key, value }])),
      ...texts({ direction: direction === 'in' ? null : direction, comment }),
    ],
    isFlow: true,
  };
}

/** Pairs of those that are something. */
function texts(values: Readonly<Record<string, string | null>>): readonly YamlPair[] {
  return Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [{ key, value }]));
}
