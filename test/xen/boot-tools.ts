import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomU } from '../../src/inventory/model.ts';
import { unpacked } from './debian.ts';
import { Namespace } from './namespace.ts';

/** A guest at boot: its file, its bare interfaces, and an ifup of its era. */
export interface Booting {
  readonly namespace: Namespace;
  /** Runs it; throws what it printed when it fails. */
  readonly ifup: (args: string) => string;
  readonly ifdown: (args: string) => string;
}

/** The command line of `ifup` or `ifdown`, of a file and with a folder for its state. */
export type BootTool = (verb: 'ifup' | 'ifdown', file: string, folder: string) => string;

/** Debian's own. */
export const ifupdown: BootTool = (verb, file, folder) =>
  `${unpacked('ifupdown', ['ifupdown'])}/sbin/${verb} --no-scripts -i ${file} --state-dir ${folder}`;

/** Alpine's of today, with iproute2. */
export const ifupdownNg: BootTool = (verb, file, folder) => {
  const root = unpacked('ifupdown-ng', ['ifupdown-ng']);
  return `${root}/sbin/${verb} -i ${file} -S ${folder}/ifstate -E ${root}/usr/libexec/ifupdown-ng`;
};

/**
 * Alpine's of old: busybox's, with its own `ip`, `grep` and `sh`, which it calls by /bin/sh. It keeps
 * its state in /run. Mounts are those of the command alone.
 */
export const busybox: BootTool = (verb, file, folder) => {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const applet of ['ifup', 'ifdown', 'ip', 'grep']) {
    rmSync(join(bin, applet), { force: true });
    symlinkSync('/usr/bin/busybox', join(bin, applet));
  }
  rmSync(join(bin, 'run-parts'), { force: true });
  symlinkSync('/bin/true', join(bin, 'run-parts'));
  mkdirSync(join(folder, 'run'), { recursive: true });
  const mounts = `mount --bind ${folder}/run /run; mount --bind /usr/bin/busybox /bin/sh`;
  return `${mounts}; env -i SHELL=/bin/sh PATH=${bin}:$PATH ${verb} -i ${file}`;
};

/** Runs `use` on the guest in a namespace of its own, with this as its file of interfaces(5). */
export function booting(
  tool: BootTool,
  domU: DomU,
  text: string,
  use: (booting: Booting) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'xpush-interfaces-'));
  const file = join(folder, 'interfaces');
  writeFileSync(file, text, 'latin1');
  try {
    using namespace = new Namespace();
    namespace.addInterfaces(
      domU.vifs.map(({ mac }) => mac),
      'down',
    );
    namespace.run('ip link set lo down; ip addr flush dev lo');
    const run =
      (verb: 'ifup' | 'ifdown') =>
      (args: string): string =>
        namespace.run(`exec 2>&1; ${tool(verb, file, folder)} ${args}`);
    use({ namespace, ifup: run('ifup'), ifdown: run('ifdown') });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
