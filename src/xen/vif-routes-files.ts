import type { RoutedAddress } from './vif-routes.ts';

/** Which vif has which IPv6 addresses, for the hook. */
export const addressFilePath = '/etc/xen/xpush-ipv6';

/** Xen's vif-route sources each executable `*.hook` in there (call_hooks of xen-hotplug-common.sh). */
export const hookDirectory = '/etc/xen/scripts/vif-post.d';

export const hookPath = `${hookDirectory}/50-xpush-ipv6.hook`;

/** Where to see whether it does. */
export const vifRoutePath = '/etc/xen/scripts/vif-route';

const firstLine = '# Written by xpush. Changes here are overwritten.\n';

/** Whether a file is one of these. */
export function isOwnFile(content: string): boolean {
  return content.startsWith(firstLine);
}

/** Whether this vif-route runs hooks once it has done its work. */
export function runsHooks(vifRoute: string): boolean {
  return /^[ \t]*call_hooks[ \t]+vif[ \t]+post\b/m.test(vifRoute);
}

/** A line for each vif: its MAC, the uplink, its addresses. */
export function addressFile(addresses: readonly RoutedAddress[]): string {
  const lines = new Map<string, string>();
  for (const { mac, uplink, ip } of addresses) {
    lines.set(mac, `${lines.get(mac) ?? `${mac} ${uplink}`} ${ip}`);
  }
  return `${firstLine}# MAC UPLINK ADDRESS..., for ${hookPath}\n${[...lines.values()].map((line) => `${line}\n`).join('')}`;
}

/**
 * The hook. It runs in vif-route's own shell, under `set -e` and a trap that fails the guest's start: so
 * in a subshell whose status nobody asks for. A guest that is created again may have its new vif before
 * the old one is gone: an address is answered for as long as any route leads to it. The link-local address
 * is the guests' gateway; not every kernel setting derives it from the MAC.
 */
export const hookFile = `${firstLine}# Routes the IPv6 addresses of ${addressFilePath} to the vif that has come, and answers for them on the
# uplink; takes both back when the vif goes.
xpush_ipv6() {
  mac=$(xenstore-read "$XENBUS_PATH/mac" | tr A-F a-f)
  metric=1024
  [ "\${type_if:-vif}" = vif ] || metric=1
  while read -r owner uplink ips; do
    [ "$owner" = "$mac" ] || continue
    case $command in
    online | add)
      ip -6 addr show dev "$dev" | grep -q fe80::fcff:ffff:feff:ffff/ ||
        ip -6 addr add fe80::fcff:ffff:feff:ffff/64 dev "$dev" nodad
      for ip in $ips; do
        ip -6 route replace "$ip/128" dev "$dev" metric "$metric"
        ip -6 neigh replace proxy "$ip" dev "$uplink"
      done
      ;;
    offline | remove)
      for ip in $ips; do
        ip -6 route del "$ip/128" dev "$dev"
        [ -n "$(ip -6 route show "$ip/128")" ] || ip -6 neigh del proxy "$ip" dev "$uplink"
      done
      ;;
    esac
  done <${addressFilePath}
}
(xpush_ipv6) >/dev/null 2>&1 || :
`;
