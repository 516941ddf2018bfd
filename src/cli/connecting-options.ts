import * as v from 'valibot';
import { count, flag, oneOf, text } from './command.ts';

const defaultForks = 32;

/** Options of every command that connects to hosts. */
export const connectingOptions = {
  forks: { ...text, alias: 'f', describe: `Hosts at once [default: ${defaultForks}]` },
  user: { ...text, alias: 'u', describe: 'Log in as this user' },
  identity: { ...text, alias: 'i', describe: 'Private key file to log in with' },
  'ask-pass': {
    ...flag,
    alias: 'k',
    describe: 'Ask for a password to log in with, where no key does and no other is known',
  },
  become: {
    ...flag,
    alias: 'b',
    describe: 'Run as root on all hosts, or as the inventory says, whoever logs in',
  },
  'become-method': { ...text, describe: 'How: sudo, doas or su [default: sudo]' },
  'become-user': { ...text, describe: 'Run as this user [default: root]' },
  'ask-become-pass': {
    ...flag,
    alias: 'K',
    describe: 'Ask for the password of sudo or su, for hosts of which no other is known',
  },
  'ssh-config': {
    ...text,
    alias: 'F',
    describe: 'OpenSSH client config to use in place of ~/.ssh/config; "none" for none',
  },
  'host-key-checking': {
    ...text,
    describe: 'What to do with unknown host keys: strict (refuse) or accept-new (record)',
  },
  transport: {
    ...text,
    describe: 'How to reach hosts: ssh2 (built in), openssh (your ssh program) or local (one host)',
  },
} as const;

/** The same, as a command's schema has them. */
export const connectingEntries = {
  forks: v.optional(count, String(defaultForks)),
  user: v.optional(v.pipe(v.string(), v.nonEmpty('a user name is needed'))),
  identity: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  'ask-pass': v.optional(v.boolean(), false),
  become: v.optional(v.boolean(), false),
  'become-method': v.optional(oneOf(['sudo', 'doas', 'su'])),
  'become-user': v.optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z_][\w.-]{0,31}\$?$/, 'a user name is needed')),
  ),
  'ask-become-pass': v.optional(v.boolean(), false),
  'ssh-config': v.optional(v.string()),
  'host-key-checking': v.optional(oneOf(['strict', 'accept-new'])),
  transport: v.optional(oneOf(['ssh2', 'openssh', 'local'])),
} as const;

const connectingSchema = v.object(connectingEntries);

/** Options of a command line, as far as they are about connecting. */
export type ConnectingOptions = v.InferOutput<typeof connectingSchema>;
