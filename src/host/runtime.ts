import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files that programs are made of. Every look needs look.sh, every act act.sh too; the others
 * go to a host when a query or change of theirs does.
 */
export type RuntimeFile =
  | 'look.sh'
  | 'look-files.sh'
  | 'run.sh'
  | 'look-output.sh'
  | 'look-links.sh'
  | 'look-entries.sh'
  | 'look-aliases.sh'
  | 'act-entries.sh'
  | 'act.sh'
  | 'act-files.sh'
  | 'act-command.sh'
  | 'act-notices.sh'
  | 'act-parameter.sh'
  | 'act-routing.sh'
  | 'act-send.sh'
  | 'upload.sh'
  | 'facts.sh'
  | 'facts-system.sh'
  | 'facts-network.sh'
  | 'facts-firewalls.sh'
  | 'facts-xen.sh'
  | 'condition.sh'
  | 'chains.sh'
  | 'act-chains.sh'
  | 'nft.sh'
  | 'act-nft.sh'
  | 'health.sh'
  | 'windows.sh'
  | 'lock.sh'
  | 'window.sh'
  | 'window-run.sh'
  | 'window-watch.sh'
  | 'window-arm.sh'
  | 'window-decide.sh'
  | 'window-settle.sh'
  | 'window-files.sh'
  | 'window-live.sh'
  | 'window-restore.sh'
  | 'window-firewall.sh'
  | 'window-boot.sh';

const texts = new Map<string, string>();

/**
 * The text of a runtime file, without its comment lines and what stands behind the head of a function;
 * read once. They are part of the package, so a missing one is a bug and throws.
 */
export function runtime(name: RuntimeFile): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(join(import.meta.dirname, 'runtime', name), 'utf8')
    .split('\n')
    .filter((line) => !/^\s*#|^\s*$/.test(line))
    .map((line) => line.replace(/^(\w+\(\) \{) #.*/, '$1'))
    .join('\n');
  texts.set(name, `${text}\n`);
  return `${text}\n`;
}
