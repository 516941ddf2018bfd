import type { MissingTool } from './model.ts';

/** Tools that something needs: any one of `anyOf` will do. */
export type Need = MissingTool;

/** What looks and plain changes are made of. */
const basics = ['cat', 'chmod', 'grep', 'head', 'ls', 'mkdir', 'mv', 'rm', 'rmdir', 'sed'];

/** What a confirm window checks for before it is armed (window-arm.sh). */
export const windowTools: readonly string[] = [
  ...['cat', 'chmod', 'chown', 'cmp', 'cp', 'dd', 'find', 'grep', 'head', 'ip', 'ls', 'mkdir'],
  ...['mv', 'readlink', 'rm', 'rmdir', 'sed', 'setsid', 'sleep', 'sort', 'tail', 'tr', 'wc'],
];

const addresses = [['ip']];
const chains = [
  ['iptables-save', 'nft'],
  ['iptables-restore', 'nft'],
];

/** What the steps run, beyond that; of a host that has no Xen tools nothing is asked. */
const stepTools: Readonly<Record<string, readonly (readonly string[])[]>> = {
  vif_config: [],
  firewall: chains,
  sysctl: [],
  vif_routes: addresses,
  iftab: [],
  interfaces: addresses,
  rt_tables: [],
  ip_rules: addresses,
  command: [],
};

/** The steps that are known here. */
export const knownSteps: readonly string[] = Object.keys(stepTools);

/**
 * What a host must have for tasks of these steps, each need once. `hasWindow`: some of them may be
 * made in a confirm window.
 */
export function neededTools(steps: readonly string[], hasWindow: boolean): readonly Need[] {
  const needs = new Map<string, Need>();
  const add = (anyOf: readonly string[], why: string) => {
    const key = anyOf.join(' ');
    if (!needs.has(key)) needs.set(key, { anyOf, why });
  };
  for (const step of steps) {
    for (const anyOf of stepTools[step] ?? []) add(anyOf, `the step ${step} needs it`);
  }
  for (const name of basics) add([name], 'xpush needs it for everything');
  add(['sha256sum', 'cksum'], 'xpush needs it for everything');
  for (const name of hasWindow ? windowTools : []) add([name], 'a confirm window needs it');
  return [...needs.values()];
}
