import * as v from 'valibot';
import { type Complaint, checked } from '../source/complaint.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { listed, quoted } from '../source/quoted.ts';
import { Secret } from '../source/secret.ts';
import { gatewayAddress, subnet, vifAddress } from './address-rules.ts';
import {
  connectAddress,
  hostName,
  ifaceName,
  macAddress,
  type NameRule,
  notSupported,
  tableName,
} from './name-rules.ts';

const LONGEST_TEXT = 4096;

function text(rule: NameRule) {
  return v.pipe(v.string(), v.maxLength(LONGEST_TEXT), checked(rule));
}

function pattern(form: RegExp, what: string, example: string) {
  return text((value) =>
    form.test(value)
      ? null
      : { message: `${quoted(value)} is not ${what}`, hint: `such as ${example}` },
  );
}

function wholeNumber(least: number, most: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
}

/** One of the words of this version; words of later ones are known and say so. */
function word<const T extends string>(key: string, words: readonly T[], later: readonly string[]) {
  const all = [...words, ...later];
  const check = (value: string): Complaint | null => {
    if (words.some((known) => known === value)) return null;
    const right = `write ${listed(words)}`;
    if (later.includes(value)) return notSupported(`${key}: ${value}`, right);
    const message = `${key} must be ${listed(words)}, not ${quoted(value)}`;
    return { message, hint: didYouMean(value, all) };
  };
  return v.pipe(v.string(), checked(check), v.picklist(words));
}

const textList = v.union([v.string(), v.array(v.string())]);
const anyMap = v.record(v.string(), v.unknown());

const port = wholeNumber(1, 65535);
const portOrRange = v.union([port, text(portRange)]);
const ports = v.union([portOrRange, v.array(portOrRange)]);

function portRange(value: string): Complaint | null {
  const match = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(value);
  const first = Number(match?.[1] ?? 0);
  const last = Number(match?.[2] ?? first);
  if (match !== null && first >= 1 && first <= last && last <= 65535) return null;
  const hint = value.includes(',')
    ? 'write a list: [80, 443]'
    : 'write a number of 1-65535, or a range: "1024-65535"';
  return { message: `${quoted(value)} is not a port or a range of ports`, hint };
}

/** Something that may pass dom0's firewall. */
export const allowSchema = v.strictObject({
  proto: v.picklist(['tcp', 'udp', 'icmp']),
  ports: v.optional(ports),
  from: v.optional(textList),
  from_ports: v.optional(ports),
  direction: v.optional(v.picklist(['in', 'out'])),
  to: v.optional(textList),
  comment: v.optional(v.pipe(v.string(), v.maxLength(200))),
});

const vifSchema = v.pipe(
  v.strictObject({
    mac: v.optional(text(macAddress)),
    ip: v.optional(text(vifAddress)),
    ips: v.optional(v.pipe(v.array(text(vifAddress)), v.nonEmpty())),
    iface: v.optional(text(ifaceName)),
    table: v.optional(
      v.strictObject({
        id: v.optional(wholeNumber(1, 252)),
        name: v.optional(text(tableName)),
      }),
    ),
    script: v.optional(
      pattern(/^(?:\/[\w.+-]+)*\/?[\w][\w.+-]*$/, 'the name of a vif script', 'vif-route'),
    ),
    bridge: v.optional(text(ifaceName)),
    vifname: v.optional(text(ifaceName)),
    gatewaydev: v.optional(text(ifaceName)),
    rate: v.optional(
      pattern(
        /^[1-9]\d{0,9}[KMG]?[Bb]\/s(?:@[1-9]\d{0,9}(?:ms|us|s))?$/,
        'a rate',
        '10Mb/s or 1MB/s@20ms',
      ),
    ),
    model: v.optional(pattern(/^[A-Za-z0-9][\w-]{0,31}$/, 'a model of network card', 'e1000')),
  }),
  checked(({ ip, ips }) => {
    if (ip === undefined && ips === undefined)
      return { message: 'a vif must have "ip" or "ips"', hint: null };
    return ip !== undefined && ips !== undefined
      ? { message: 'a vif has "ip" or "ips", not both', hint: null }
      : null;
  }),
);

const hostKeyPin = pattern(
  /^[a-z][a-z0-9@.-]{2,63} [A-Za-z0-9+/]{16,4000}={0,2}(?: [ -~]{0,200})?$/,
  'a host key',
  '"ssh-ed25519 AAAA...", as in a .pub file',
);

const userName = pattern(/^[A-Za-z_][\w.-]{0,31}\$?$/, 'a user name', 'root');

/** How to reach a host. */
export const sshSchema = v.strictObject({
  user: v.optional(userName),
  port: v.optional(port),
  identity: v.optional(v.pipe(v.string(), v.nonEmpty())),
  password: v.optional(
    v.instance(Secret, 'password must be a secret\nwrite !secret NAME, or let xpush ask: -k'),
  ),
  jump: v.optional(text(connectAddressOrDom0)),
  host_key: v.optional(hostKeyPin),
  known_hosts: v.optional(v.pipe(v.string(), v.nonEmpty())),
  host_key_checking: v.optional(v.picklist(['strict', 'accept-new'])),
  connect_timeout: v.optional(wholeNumber(1, 600)),
  legacy_algorithms: v.optional(v.boolean()),
  transport: v.optional(word('transport', ['ssh2', 'openssh', 'local'], [])),
});

function connectAddressOrDom0(value: string): Complaint | null {
  return value === 'dom0' ? null : connectAddress(value);
}

/** Whom programs run as; at the top, in groups and in hosts. */
export const becomeSchema = v.union([
  v.boolean(),
  v.pipe(
    v.strictObject({
      method: v.optional(v.picklist(['sudo', 'doas', 'su'])),
      user: v.optional(userName),
      password: v.optional(
        v.instance(Secret, 'password must be a secret\nwrite !secret NAME, or let xpush ask: -K'),
      ),
    }),
    checked(({ method, password }) =>
      method === 'doas' && password !== undefined
        ? {
            message: 'doas reads its password from a terminal only, so none can be given',
            hint: 'write "permit nopass" in its doas.conf, or use sudo',
          }
        : null,
    ),
  ),
]);

/** How a host is kept from being cut off; at the top, in groups and in hosts. */
export const safetySchema = v.strictObject({
  confirm_timeout: v.optional(wholeNumber(3, 3600)),
  on_rollback_failure: v.optional(v.picklist(['stay', 'reboot', 'open'])),
  keep_generations: v.optional(wholeNumber(0, 100)),
  allow_no_boot_hook: v.optional(v.boolean()),
});

/** What a host must say of itself before anything is done to it. */
export const expectSchema = v.pipe(
  v.strictObject({
    hostname: v.optional(text(hostName)),
    // machine-id(5)
    machine_id: v.optional(
      pattern(/^[\da-fA-F]{32}$/, 'a machine id', '32 hex digits, as in /etc/machine-id'),
    ),
  }),
  checked(({ hostname, machine_id }) =>
    hostname === undefined && machine_id === undefined
      ? { message: 'expect must have "hostname" or "machine_id", or both', hint: null }
      : null,
  ),
);

const anyHost = {
  address: v.optional(text(connectAddress)),
  ssh: v.nullish(sshSchema),
  vars: v.nullish(anyMap),
  groups: v.optional(textList),
  become: v.nullish(becomeSchema),
  expect: v.nullish(expectSchema),
  safety: v.nullish(safetySchema),
};

const firewallSchema = v.strictObject({
  backend: v.optional(v.picklist(['auto', 'iptables', 'nftables'])),
  policy: v.optional(v.picklist(['leave', 'drop'])),
  admin: v.optional(textList),
  rules: v.optional(v.array(allowSchema)),
  log: v.optional(
    v.union([v.literal(false), text(logRate)], 'log must be false or a rate\nsuch as 5/minute'),
  ),
});

function logRate(value: string): Complaint | null {
  // netfilter's limit match counts in ticks of 1/10000 s (xt_limit.h)
  return /^(?:[1-9]\d{0,3}|10000)\/(?:second|minute|hour|day)$/.test(value)
    ? null
    : { message: `${quoted(value)} is not a rate`, hint: 'such as 5/minute' };
}

/** A Xen control domain. */
export const dom0Schema = v.strictObject({
  ...anyHost,
  uplink: v.optional(text(ifaceName)),
  xen: v.optional(
    v.strictObject({
      version: v.optional(pattern(/^\d{1,2}\.\d{1,2}(?:\.\d{1,2})?$/, 'a Xen version', '"4.17"')),
      toolstack: v.optional(v.picklist(['xl', 'xm'])),
    }),
  ),
  firewall: v.optional(firewallSchema),
  antispoof: v.optional(v.boolean()),
});

/** A Xen guest. */
export const domUSchema = v.strictObject({
  ...anyHost,
  dom0: v.string(),
  config: v.optional(
    pattern(/^(?:\/[\w.+-]*[\w+-])+$/, 'an absolute path', '/etc/xen/webserv.cfg'),
  ),
  vifs: v.optional(v.array(vifSchema)),
  allow: v.optional(v.array(allowSchema)),
  names: v.optional(v.picklist(['iftab', 'udev', 'link', 'none'])),
  network_config: v.optional(v.picklist(['ifupdown', 'networkd', 'netplan'])),
});

/** A machine that is no part of a Xen pair. */
export const plainHostSchema = v.strictObject(anyHost);

/** A network. */
export const networkSchema = v.strictObject({
  subnet: text(subnet),
  gateway: v.optional(text(gatewayAddress)),
  vlan: v.optional(wholeNumber(1, 4094)),
});

/** A group: a list of hosts, or its parts. */
export const groupSchema = v.union([
  v.array(v.string()),
  v.strictObject({
    hosts: v.optional(textList),
    children: v.optional(textList),
    vars: v.nullish(anyMap),
    safety: v.nullish(safetySchema),
    become: v.nullish(becomeSchema),
  }),
]);

/** The top of an inventory file; what is in the sections is checked entry by entry. */
export const fileSchema = v.strictObject({
  networks: v.nullish(anyMap),
  dom0: v.nullish(anyMap),
  domU: v.nullish(anyMap),
  hosts: v.nullish(anyMap),
  groups: v.nullish(anyMap),
  vars: v.nullish(anyMap),
  ssh: v.nullish(sshSchema),
  playbook: v.nullish(textList),
  include: v.nullish(textList),
  safety: v.nullish(safetySchema),
  become: anyHost.become,
});

export type RawNetwork = v.InferOutput<typeof networkSchema>;
export type RawGroup = v.InferOutput<typeof groupSchema>;
export type RawAllow = v.InferOutput<typeof allowSchema>;
export type RawVif = v.InferOutput<typeof vifSchema>;
export type RawBecome = v.InferOutput<typeof becomeSchema>;
export type RawSafety = v.InferOutput<typeof safetySchema>;
export type RawExpect = v.InferOutput<typeof expectSchema>;
export type RawSsh = v.InferOutput<typeof sshSchema>;
export type RawDom0 = v.InferOutput<typeof dom0Schema>;
export type RawDomU = v.InferOutput<typeof domUSchema>;
export type RawPlainHost = v.InferOutput<typeof plainHostSchema>;
