import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { DomU } from '../../src/inventory/model.ts';
import { type BenchFleet, forks } from './bench-fleet.ts';

/** How Ansible is to run. */
export interface AnsibleWay {
  /** The directory of mitogen's strategies; null: Ansible's own. */
  readonly mitogen: string | null;
  /** Whether the live firewall and kernel parameters are left out. */
  readonly filesOnly?: boolean;
}

/** Writes `test/bench/ansible/` and an inventory of the first `hosts` for the controller; gives the command line. */
export async function ansibleProject(
  fleet: BenchFleet,
  hosts: number,
  { mitogen, filesOnly = false }: AnsibleWay,
): Promise<{ readonly argv: readonly [string, ...string[]]; readonly env: NodeJS.ProcessEnv }> {
  const directory = join(fleet.lab.directory, 'ansible');
  await cp(join(import.meta.dirname, 'ansible'), directory, { recursive: true });
  const inventory = await fleet.write('ansible/inventory.json', inventoryText(fleet, hosts));
  const name = mitogen === null ? 'plain' : 'mitogen';
  const config = await fleet.write(`ansible/${name}.cfg`, configText(fleet, mitogen));
  return {
    argv: [
      ...(['ansible-playbook', '-i', inventory, '-e', `files_only=${filesOnly}`] as const),
      join(directory, 'site.yml'),
    ],
    env: { ANSIBLE_CONFIG: config },
  };
}

function configText(fleet: BenchFleet, mitogen: string | null): string {
  const strategy =
    mitogen === null ? '' : `strategy_plugins = ${mitogen}\nstrategy = mitogen_linear\n`;
  return `[defaults]
forks = ${forks}
gathering = explicit
interpreter_python = /usr/bin/python3
local_tmp = ${fleet.lab.home}/.ansible/tmp
${strategy}
[ssh_connection]
pipelining = true
ssh_args = -F ${fleet.lab.sshConfig} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${fleet.lab.home}/cp
`;
}

function inventoryText(fleet: BenchFleet, hosts: number): string {
  const { inventory } = fleet;
  const guests = fleet.names(hosts).flatMap((name): readonly DomU[] => {
    const host = inventory.hosts.get(name);
    return host?.kind === 'domU' ? [host] : [];
  });
  const described = guests.map((guest) => ({
    name: guest.name,
    dom0: guest.dom0,
    vifs: guest.vifs.map(({ iface, mac, ips, table }, index) => ({
      iface,
      mac,
      ip: ips[0],
      table: table.id,
      name: table.name,
      priority: 1000 + 16 * index,
    })),
  }));
  const named = <T>(entries: readonly (readonly [string, T])[]) => ({
    hosts: Object.fromEntries(entries),
  });
  const vars = { subnet: '10.0.0.0/16', gateway: '10.0.0.1' };
  const own = { ansible_user: 'root', ansible_ssh_private_key_file: fleet.lab.identity };
  return JSON.stringify({
    all: {
      vars: { ...vars, ...own },
      children: {
        dom0: named(described.map((guest) => [guest.dom0, { guest, rules: rulesOf(guest.vifs) }])),
        domU: named(described.map(({ name, vifs }) => [name, { vifs }])),
      },
    },
  });
}

/** The forwarding rules, in words of ansible.builtin.iptables, which has no lists of source ports. */
function rulesOf(vifs: readonly { readonly ip: string | undefined }[]): readonly object[] {
  const tcp = { protocol: 'tcp' };
  return [
    { ctstate: ['RELATED', 'ESTABLISHED'], jump: 'ACCEPT' },
    { protocol: 'icmp', icmp_type: '3/4', jump: 'ACCEPT' },
    ...vifs.flatMap(({ ip }) => {
      const ports = ['80', '443'].flatMap((port) =>
        ['1024:65535', '80', '443'].map((from) => ({ source_port: from, destination_port: port })),
      );
      return [
        { ...tcp, source: '10.0.0.10', destination: ip, destination_port: '22', jump: 'ACCEPT' },
        { source: ip, jump: 'DROP' },
        ...ports.map((of) => ({
          ...{ ...tcp, ...of, destination: ip, ctstate: ['NEW'], jump: 'ACCEPT' },
        })),
        { destination: ip, jump: 'DROP' },
      ];
    }),
  ];
}
