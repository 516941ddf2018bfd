import { type Change, isCommand } from './change.ts';
import { travelsEncoded } from './change-words.ts';
import { commandsOf, lookNeeds, type Need, needs, summing } from './needs.ts';

const words = (text: string): readonly string[] => text.split(' ');

/** What every program that changes something needs besides, for the lock of its run (runtime/lock.sh). */
export const lockNeeds = needs('lock the host', ...words('ln mkdir mv readlink rm sleep'));

/** What a confirm window needs besides, whatever is changed in it (runtime/window-*.sh). */
export const windowNeeds = needs(
  'be able to undo network changes',
  ...words(
    'cat chmod chown cmp cp dd find grep head ip ln ls mkdir mkfifo mv readlink rm rmdir sed',
  ),
  ...[...words('setsid sleep sort sync tr wc'), summing],
);

const decoding = needs('write what is no plain text', ['base64', 'openssl']);

const asOthers = needs('run commands as another user', 'id', 'su');

const running = needs('run commands', 'cat', 'dd', 'sleep');

const changing: Readonly<Record<Change['kind'], readonly Need[]>> = {
  write: needs('write files', ...words('cat chmod cp dd ls mkdir mv readlink rm'), summing),
  send: needs(
    'take in large files',
    ...words('cat chmod cp head ls mkdir mv readlink rm'),
    summing,
  ),
  remove: needs('remove files', 'ls', 'rm', 'rmdir', summing),
  directory: needs('make directories', 'chmod', 'mkdir'),
  parameter: needs('set kernel parameters', 'cat'),
  routing: needs('change addresses, routes and rules', ...words('ip sed sleep'), summing),
  chains: needs('change the firewall', 'sed', summing),
  nft: needs('change the firewall', 'nft', 'sed', summing),
  link: needs('make links', ...words('ln ls mkdir mv readlink rm')),
  attributes: needs('change owners and modes', ...words('chmod chown ls readlink')),
  tree: needs('remove directories', ...words('find rm sed sort stat'), summing),
  command: running,
  call: running,
};

const tables = {
  4: needs('change the firewall', 'iptables-save', 'iptables-restore'),
  6: needs('change the firewall', 'ip6tables-save', 'ip6tables-restore'),
} as const;

/** What the programs that make a change need, without the lock and the window that it is made in. */
export function changeNeeds(change: Change): readonly Need[] {
  return [
    ...changing[change.kind],
    ...(change.kind === 'chains' ? tables[change.family] : []),
    ...(isCommand(change) && change.user !== null ? asOthers : []),
    ...(travelsEncoded(change) ? decoding : []),
  ];
}

/** Every command that any program of ours needs. */
export const neededCommands: readonly string[] = commandsOf([
  ...Object.values(lookNeeds).flat(),
  ...Object.values(changing).flat(),
  ...[...lockNeeds, ...windowNeeds, ...asOthers, ...tables[4], ...tables[6], ...decoding],
]);
