import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { forks, repository } from './bench-fleet.ts';
import type { SiteFleet } from './site-fleet.ts';

/** Tags of what ansible-core has no module for, or the lab no Xen: both sides leave it out. */
export const leftOut = ['xen', 'kernel'] as const;

type Parameters = Readonly<Record<string, unknown>>;
type Task = Readonly<Record<string, unknown>>;

/** How the parameters of a step are said to a module of ansible-core; more than one where it takes more. */
type Translation = (given: Parameters) => readonly (readonly [module: string, Parameters])[];

const same =
  (name: string): Translation =>
  (given) => [[name, given]];

const quoted = (text: unknown): string => String(text).replace(/[*.@-]/g, '\\$&');

/** What differs by more than its name. The files come to be the same, byte for byte. */
const translations: Readonly<Record<string, Translation>> = {
  // the modules of the distribution spare Ansible a look at which one to take
  package: same('apt'),
  service: same('systemd'),
  command: ({ changes, ...given }) => {
    if (changes !== 'never') throw new Error('only commands that read are translated');
    return [['command', given]];
  },
  file: ({ state, ...given }) => {
    const kept = { modification_time: 'preserve', access_time: 'preserve' };
    return [
      [
        'file',
        { ...given, ...(state === undefined ? {} : { state }), ...(state === 'touch' ? kept : {}) },
      ],
    ];
  },
  // the way of systemd takes a D-Bus, which hosts of the lab do not have
  hostname: (given) => [['hostname', { ...given, use: 'alpine' }]],
  known_hosts: ({ name, key, ...given }) => [
    ['known_hosts', { ...given, name, key: `${name} ${key}` }],
  ],
  limits: ({ domain, limit_type: type, limit_item: item, value }) => [
    [
      'lineinfile',
      {
        path: '/etc/security/limits.d/60-xpush.conf',
        regexp: `^${quoted(domain)}\\s+${quoted(type)}\\s+${quoted(item)}\\s`,
        line: [domain, type, item, value].join('\t'),
        create: true,
      },
    ],
  ],
  authorized_key: ({ path, key }) => [['lineinfile', { path, line: key, create: true }]],
  timezone: ({ name }) => [
    ['file', { path: '/etc/localtime', src: `../usr/share/zoneinfo/${name}`, state: 'link' }],
  ],
};

/** What the playbook asks for. */
const facts = ['!all', '!min', 'distribution', 'service_mgr'];

/** Keywords of a command that changes nothing. */
const reads = { changed_when: false, check_mode: false };

/** Modules of ansible-core with the step's name and parameters. */
const alike = new Set([
  ...['assert', 'blockinfile', 'copy', 'cron', 'fail', 'find', 'group'],
  ...['lineinfile', 'replace', 'set_fact', 'stat', 'template', 'user'],
]);

/** A command line of `ansible-playbook`, and what it is run with. */
export interface AnsibleRun {
  readonly argv: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Writes playbooks/site for Ansible, and an inventory of the fleet, to the controller. Templates,
 * variables, loops, conditions, handlers and tags stay as they are, and nearly all modules have the
 * step's name: only what `translations` has is said otherwise.
 */
export async function ansibleSite(fleet: SiteFleet): Promise<AnsibleRun> {
  const directory = join(fleet.lab.directory, 'ansible');
  await cp(join(repository, 'playbooks', 'site'), directory, { recursive: true });
  for (const role of await readdir(join(directory, 'roles'))) {
    for (const part of ['tasks', 'handlers']) {
      const file = join(directory, 'roles', role, part, 'main.yaml');
      const text = await readFile(file, 'utf8').catch(() => null);
      if (text === null) continue;
      await writeFile(file, stringify(translated(parse(text)), { lineWidth: 0 }));
    }
  }
  const playbook = join(directory, 'site.yaml');
  const plays: readonly Task[] = parse(await readFile(playbook, 'utf8'));
  await writeFile(playbook, stringify(plays.map((play) => ({ ...play, gather_subset: facts }))));
  const config = join(directory, 'ansible.cfg');
  const inventory = join(directory, 'inventory.yaml');
  await writeFile(config, configText(fleet));
  await writeFile(inventory, stringify(inventoryOf(fleet)));
  return {
    argv: [
      ...(['ansible-playbook', '-i', inventory, '--skip-tags', leftOut.join(',')] as const),
      playbook,
    ],
    env: { ANSIBLE_CONFIG: config },
  };
}

/** A list of tasks in Ansible's words. Throws an `Error` for a step that it has no module for. */
function translated(tasks: readonly Task[]): readonly Task[] {
  return tasks.flatMap((task): readonly Task[] => {
    const { block, rescue, always, tags } = task;
    if ([tags].flat().some((tag) => leftOut.some((each) => each === tag))) return [];
    const lists = Object.entries({ block, rescue, always }).flatMap(([key, list]) =>
      Array.isArray(list) ? [[key, translated(list)] as const] : [],
    );
    if (lists.length > 0) return [{ ...task, ...Object.fromEntries(lists) }];
    const step = Object.keys(task).find((key) => alike.has(key) || key in translations);
    if (step === undefined) throw new Error(`nothing of Ansible's for ${JSON.stringify(task)}`);
    const { [step]: given, ...keywords } = task;
    const translate = translations[step] ?? same(step);
    return translate(given as Parameters).map(([module, its]) => ({
      ...keywords,
      ...(step === 'command' ? reads : {}),
      [`ansible.builtin.${module}`]: its,
    }));
  });
}

/** Pipelining and shared connections; only those facts that the playbook asks for, once a host. */
function configText({ lab }: SiteFleet): string {
  return `[defaults]
forks = ${forks}
gathering = smart
interpreter_python = /usr/bin/python3
local_tmp = ${lab.home}/.ansible/tmp

[ssh_connection]
pipelining = true
ssh_args = -F ${lab.sshConfig} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${lab.home}/cp
`;
}

function inventoryOf({ lab, inventory }: SiteFleet) {
  const hosts = [...inventory.hosts.values()];
  const ofGroup = (group: string) => {
    const members = hosts.filter(({ groups }) => groups.includes(group));
    return { hosts: Object.fromEntries(members.map(({ name, vars }) => [name, vars])) };
  };
  const vars = { ansible_user: 'root', ansible_ssh_private_key_file: lab.identity };
  const children = ['dom0', 'domU', 'web', 'db'].map((group) => [group, ofGroup(group)] as const);
  return { all: { vars, children: Object.fromEntries(children) } };
}
