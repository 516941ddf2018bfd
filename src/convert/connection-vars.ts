import { type KeptNode, type KeptPair, keptMap, keptPair } from '../source/kept-yaml.ts';
import type { Vars } from './inventory-model.ts';

/** What the variables of a host say of the way to it, in the keys of xpush's inventory. */
export interface Connection {
  readonly address: KeptPair | null;
  readonly ssh: readonly KeptPair[];
  readonly become: readonly KeptPair[];
  /** Whether `become` is said to be false. */
  readonly staysUser: boolean;
  /** Variables that are none of these. */
  readonly vars: readonly (readonly [string, KeptNode])[];
  readonly remarks: readonly string[];
}

const sshKeys: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ansible_port: 'port',
    ansible_ssh_port: 'port',
    ansible_user: 'user',
    ansible_ssh_user: 'user',
    ansible_ssh_private_key_file: 'identity',
    ansible_private_key_file: 'identity',
  }),
);
const passwords = /^ansible_(?:ssh_pass|password|become_pass(?:word)?|sudo_pass)$/;
const needless =
  /^ansible_(?:python_interpreter|ssh_pipelining|pipelining|shell_type|ssh_executable)$/;

/** Whether a variable says how to reach a host. */
export function isOfConnection(name: string): boolean {
  return (
    /^ansible_(?:(?:ssh_)?host|connection|become.*|ssh_.*args)$/.test(name) ||
    sshKeys.has(name) ||
    passwords.test(name) ||
    needless.test(name)
  );
}

/** Sorts the variables of a host, or of all hosts. */
export function connectionOf(vars: Vars): Connection {
  const ssh: KeptPair[] = [];
  const become: KeptPair[] = [];
  const remarks: string[] = [];
  const rest: (readonly [string, KeptNode])[] = [];
  let address: KeptPair | null = null;
  let staysUser = false;
  for (const [name, value] of vars) {
    const said = value.kind === 'scalar' ? value.value : null;
    const key = sshKeys.get(name);
    if (typeof said === 'string' && said.includes('{{') && isOfConnection(name)) {
      remarks.push(`${name}: how a host is reached is no template: write the value`);
    } else if (key !== undefined) {
      ssh.push(
        keptPair(key, key === 'port' && /^\d+$/.test(String(said)) ? Number(said) : String(said)),
      );
    } else if (/^ansible_(?:ssh_)?host$/.test(name)) address = keptPair('address', String(said));
    else if (name === 'ansible_connection') {
      if (said === 'local') ssh.push(keptPair('transport', 'local'));
      else if (said !== 'ssh' && said !== 'smart')
        remarks.push(`ansible_connection: ${String(said)} is not there`);
    } else if (name === 'ansible_become') {
      if (/^(?:yes|true|1)$/i.test(String(said))) become.push(keptPair('method', 'sudo'));
      else staysUser = true;
    } else if (name === 'ansible_become_method' || name === 'ansible_become_user') {
      become.push(keptPair(name.replace('ansible_become_', ''), String(said)));
    } else if (passwords.test(name)) {
      remarks.push(
        `${name}: write ssh or become: { password: !secret NAME }, or let xpush ask: -k, -K`,
      );
    } else if (/args$/.test(name)) remarks.push(...sshArguments(name, String(said), ssh));
    else if (/^ansible_become/.test(name)) remarks.push(`${name} has no counterpart`);
    else if (!needless.test(name)) rest.push([name, value]);
  }
  return { address, ssh, become: merged(become), staysUser, vars: rest, remarks };
}

/** `-o ProxyJump=bastion` and `-J bastion` are a jump host. */
function sshArguments(name: string, said: string, ssh: KeptPair[]): readonly string[] {
  const jump = /(?:ProxyJump[= ]|-J ?)([\w.@:-]+)/.exec(said)?.[1];
  const through = /ProxyCommand[= ]["']?ssh (?:-W %h:%p (?:-q )?)?([\w.@-]+)/.exec(said)?.[1];
  const found = jump ?? through;
  if (found === undefined) {
    return said === '' ? [] : [`${name}: write options of ssh into ~/.ssh/config`];
  }
  ssh.push(keptPair('jump', found.replace(/^.*@/, '')));
  const user = /^(.*)@/.exec(found)?.[1];
  return user === undefined
    ? []
    : [`${name}: say in ~/.ssh/config that ${user} logs in to the jump host`];
}

/** Later ones count. */
function merged(pairs: readonly KeptPair[]): readonly KeptPair[] {
  return [...new Map(pairs.map((pair) => [pair.key, pair])).values()];
}

/** `true`, or what is not usual. */
export function becomeValue(pairs: readonly KeptPair[]): KeptPair {
  const unusual = pairs.filter(({ key, value }) => {
    const usual = key === 'method' ? 'sudo' : 'root';
    return value.kind === 'scalar' && value.value !== usual;
  });
  return keptPair('become', unusual.length === 0 ? true : keptMap(unusual, true));
}
