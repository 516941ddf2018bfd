import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTool } from './find-tool.ts';
import { runtimeDirectory } from './hub.ts';
import { unpackPackage } from './packages.ts';

/** The hotplug scripts of a dom0 and where they are from. */
export interface VifScripts {
  readonly origin: 'system' | 'package' | 'stand-in';
  /** Name below /etc/xen/scripts to content. */
  readonly files: Readonly<Record<string, string>>;
}

/** Xen's own scripts when they are installed or can be downloaded and would run here, else a stand-in for vif-route alone. */
export async function findVifScripts(forced?: 'stand-in'): Promise<VifScripts> {
  const found = forced === 'stand-in' ? null : await findXenScripts();
  if (found !== null) return found;
  const standIn = await readFile(join(runtimeDirectory, 'vif-route.sh'), 'utf8');
  return { origin: 'stand-in', files: { 'vif-route': standIn } };
}

async function findXenScripts(): Promise<VifScripts | null> {
  // They are written for bash, and they would ask a real xenstore before the lab's.
  if ((await findTool('bash')) === null || (await findTool('xenstore-read')) !== null) return null;
  const installed = await readScripts('/etc/xen/scripts');
  if (installed !== null) return { origin: 'system', files: installed };
  const unpacked = await unpackPackage('xen-utils-common');
  const packaged = unpacked === null ? null : await readScripts(join(unpacked, 'etc/xen/scripts'));
  return packaged === null ? null : { origin: 'package', files: packaged };
}

async function readScripts(directory: string): Promise<Readonly<Record<string, string>> | null> {
  const names = await readdir(directory).catch(() => []);
  const wanted = names.filter((name) => /^(vif-|.*\.sh$)/.test(name));
  if (!wanted.includes('vif-route')) return null;
  const entries = wanted.map(
    async (name) => [name, await readFile(join(directory, name), 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
