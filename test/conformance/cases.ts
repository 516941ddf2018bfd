import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where the playbooks are. */
export const casesDirectory = import.meta.dirname;

/** A playbook, and what the comments at its top say of how it is run. */
export interface Case {
  readonly name: string;
  readonly file: string;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  /** Variables of the command line. */
  readonly extraVars: Readonly<Record<string, unknown>>;
  /** `lab`: hosts of a lab; `here`: this machine. */
  readonly on: string;
  /** Whether only failures tell why, and programs are not counted: these differ from run to run. */
  readonly isQuiet: boolean;
  /** Why Ansible is not asked; null: it is. */
  readonly notAnsible: string | null;
}

/** All of them, by name. */
export const cases: readonly Case[] = readdirSync(casesDirectory)
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('inventory'))
  .toSorted()
  .map(readCase);

function readCase(base: string): Case {
  const file = join(casesDirectory, base);
  const said = new Map(
    [
      ...readFileSync(file, 'utf8').matchAll(
        /^# (tags|skip-tags|extra-vars|on|quiet|not in Ansible): (.*)$/gm,
      ),
    ].map(([, key = '', value = '']) => [key, value]),
  );
  return {
    name: base.replace(/\.yaml$/, ''),
    file,
    tags: said.get('tags')?.split(',') ?? [],
    skipTags: said.get('skip-tags')?.split(',') ?? [],
    extraVars: parse(said.get('extra-vars') ?? '{}'),
    on: said.get('on') ?? 'here',
    isQuiet: said.has('quiet'),
    notAnsible: said.get('not in Ansible') ?? null,
  };
}
