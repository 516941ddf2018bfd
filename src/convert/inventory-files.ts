import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../source/diagnostic.ts';
import type { KeptNode } from '../source/kept-yaml.ts';
import { readKeptYaml } from '../source/read-kept-yaml.ts';
import type { VarsFiles } from './convert-inventory.ts';
import type { AnsibleInventory, Vars } from './inventory-model.ts';
import type { ProjectReader } from './project.ts';
import { readIniInventory } from './read-ini-inventory.ts';
import { readYamlInventory } from './read-yaml-inventory.ts';

/** Reads an inventory of Ansible's in either form. Throws `ConfigError`. */
export function readInventory(path: string, reader: ProjectReader): AnsibleInventory {
  const bytes = reader.read(path);
  if (bytes === null) {
    const message = `${path}: no such inventory`;
    const hint = 'name a file: of a directory, each file by itself';
    throw new ConfigError([{ position: null, message, hint, excerpt: null }]);
  }
  const text = Buffer.from(bytes).toString('utf8');
  if (text.startsWith('#!')) {
    const message = `${path} is a program`;
    const hint = 'xpush takes programs, too, that print its own form; or convert what it prints';
    throw new ConfigError([{ position: null, message, hint, excerpt: null }]);
  }
  const isYaml = /\.(?:ya?ml|json)$/.test(path) || /^(?:---|\w+:)\s*$/m.test(text);
  if (!isYaml) return readIniInventory(text);
  const read = readKeptYaml(bytes, path);
  if (!read.ok) throw new ConfigError(read.diagnostics);
  return readYamlInventory(read.value.root);
}

/** The variables in `group_vars` and `host_vars` beside an inventory and beside playbooks. */
export function readVarsFiles(
  paths: readonly string[],
  reader: ProjectReader,
): VarsFiles & { readonly said: readonly string[] } {
  const said: string[] = [];
  const groups = new Map<string, Vars>();
  const hosts = new Map<string, Vars>();
  const directories = new Set(paths.map((path) => dirname(resolve(path))));
  for (const directory of directories) {
    for (const [part, into] of [['group_vars', groups] as const, ['host_vars', hosts] as const]) {
      for (const file of reader.list(join(directory, part))) {
        const [first = ''] = file.split('/');
        const name = file.includes('/') ? first : basename(first).replace(/\.(?:ya?ml|json)$/, '');
        if (
          !/\.(?:ya?ml|json)$/.test(file) &&
          /\.[^/]*$/.test(basename(file)) &&
          !file.includes('/')
        ) {
          continue;
        }
        const vars = readVars(join(directory, part, file), reader, said);
        into.set(name, new Map([...(into.get(name) ?? []), ...vars]));
      }
    }
  }
  return { groups, hosts, said };
}

function readVars(
  path: string,
  reader: ProjectReader,
  said: string[],
): readonly (readonly [string, KeptNode])[] {
  const bytes = reader.read(path);
  if (bytes === null) return [];
  if (Buffer.from(bytes.subarray(0, 15)).toString('latin1') === '$ANSIBLE_VAULT;') {
    said.push(`${path} is encrypted as a whole: name it under "include" of the inventory`);
    return [];
  }
  const read = readKeptYaml(bytes, path);
  if (!read.ok) throw new ConfigError(read.diagnostics);
  const { root } = read.value;
  return root.kind === 'map' ? root.pairs.map(({ key, value }) => [key, value] as const) : [];
}
