import * as v from 'valibot';
import { text } from './command.ts';

/** Options of every command that reads an inventory or a playbook. */
export const secretOptions = {
  secrets: {
    ...text,
    describe: 'Secrets by name: a YAML map, encrypted with age or ansible-vault',
  },
  'secrets-identity': {
    ...text,
    describe: 'Identities that open it [default: ~/.config/xpush/identity]',
  },
  'vault-password-file': {
    ...text,
    describe: 'Password of ansible-vault texts and files: a file, or a program that prints it',
  },
} as const;

const file = v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed')));

/** The same, as a command's schema has them. */
export const secretEntries = {
  secrets: file,
  'secrets-identity': file,
  'vault-password-file': file,
} as const;

/** Options of a command line, as far as they are about secrets. */
export type SecretsGiven = v.InferOutput<v.ObjectSchema<typeof secretEntries, undefined>>;
