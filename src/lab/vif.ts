import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTool } from './find-tool.ts';
import { type Hub, runtimeDirectory } from './hub.ts';
import { LabError } from './lab-error.ts';
import type { LabFile, ResolvedNic } from './plan.ts';
import { mustRun, runCommand } from './process.ts';
import type { Wire } from './wire.ts';

/** A dom0 as far as its guests' interfaces need it. */
export interface Dom0Side {
  readonly name: string;
  readonly pid: number;
  readonly uplink: string;
  readonly antispoof: 'rp_filter' | 'iptables' | 'none';
}

/** What a dom0 needs on its disk: the scripts of xen-utils-common (`scripts`: path to content) and a small xenstore. */
export async function composeDom0Disk(
  scripts: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, LabFile>>> {
  const online = await readFile(join(runtimeDirectory, 'vif-online.sh'), 'utf8');
  const stubs = ['xenstore-ls', 'xenstore-read', 'xenstore-write', 'xl'];
  if ((await findTool('ifconfig')) === null) stubs.push('ifconfig');
  const files: Record<string, LabFile> = {
    '/var/log/xen/xen-hotplug.log': '',
    '/usr/local/lib/lab/vif-online.sh': online,
  };
  for (const stub of stubs) {
    const content = await readFile(join(runtimeDirectory, `${stub}.sh`), 'utf8');
    files[`/usr/local/sbin/${stub}`] = { content, mode: 0o755 };
  }
  for (const [name, content] of Object.entries(scripts)) {
    files[`/etc/xen/scripts/${name}`] = { content, mode: 0o755 };
  }
  return files;
}

/**
 * Gives a booting guest its interfaces, as Xen does: vif<domid>.<n> in dom0, brought online by vif-route.
 * Throws `LabError` with the script's log when it refuses.
 */
export async function plugVifs(
  hub: Hub,
  dom0: Dom0Side,
  guest: { readonly name: string; readonly pid: number; readonly domid: number },
  nics: readonly ResolvedNic[],
): Promise<readonly Wire[]> {
  const vifs = nics.flatMap(({ iface, mac, link }, index) =>
    link.kind === 'vif'
      ? [{ iface, mac, ips: link.ips, device: `vif${guest.domid}.${index}` }]
      : [],
  );
  const lines = vifs.map(
    ({ iface, mac, device }) =>
      `link add ${device} address fe:ff:ff:ff:ff:ff type veth peer name ${iface} address ${mac} netns ${guest.pid}`,
  );
  await hub.ip(lines, dom0.pid);
  if (vifs.length > 0) await hub.lendNetwork(guest.pid, dom0.pid, guest.name);

  const script = await readFile(join(runtimeDirectory, 'vif-online.sh'), 'utf8');
  const specs = vifs.map(({ device, mac, ips }) => `${device}=${mac}=${ips.join(' ')}`);
  const { code, stdout, stderr } = await runCommand(
    hub.inHost(dom0.pid, [
      ...(['sh', '-s', '--'] as const),
      ...[guest.name, dom0.uplink, dom0.antispoof, ...specs],
    ]),
    { input: script },
  );
  if (code !== 0) {
    throw new LabError(`${dom0.name}: vif-route failed for ${guest.name}: ${stdout}${stderr}`);
  }
  return vifs.map(({ iface, device }) => ({
    iface,
    near: { pid: guest.pid, device: iface },
    far: { pid: dom0.pid, device },
  }));
}

/** Tells a dom0 that a guest is gone; its vifs went before. */
export async function forgetGuest(hub: Hub, dom0: Dom0Side, domid: number): Promise<void> {
  const script = await readFile(join(runtimeDirectory, 'vif-forget.sh'), 'utf8');
  await mustRun(hub.inHost(dom0.pid, ['sh', '-s', '--', String(domid)]), { input: script });
}
