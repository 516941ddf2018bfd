import { text } from './command.ts';

/** The fleet of a command. */
export const inventoryPositional = {
  describe: 'File, directory, executable, or - for standard input',
  type: 'string',
} as const;

export const playbookPositional = {
  describe: 'Playbook files; default: those of the inventory, else vif-route',
  type: 'string',
  array: true,
} as const;

/** Which hosts of it are meant. */
export const limitOption = {
  ...text,
  alias: 'l',
  describe: 'Only these hosts: names, groups, globs; a,b:&c:!d',
} as const;
