import type { LabFile } from '../../src/lab/plan.ts';

/** Where it is started at boot. */
export const networkdServicePath = '/etc/rcS.d/S20networkd';

/** Stands for systemd: starts networkd with what it finds in /run, after the commands that make that. */
export const networkdService = (before = ''): LabFile => ({
  mode: 0o755,
  content: `#!/bin/sh
if [ "$1" = stop ]; then kill "$(cat /run/networkd.pid)"; exit; fi
grep -q systemd-network /etc/passwd || echo systemd-network:x:998:65534::/:/bin/false >>/etc/passwd
mkdir -p /run/systemd/netif /run/systemd/network
chown -R systemd-network: /run/systemd/netif
${before}
SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd >>/var/log/networkd 2>&1 &
echo $! >/run/networkd.pid
`,
});
