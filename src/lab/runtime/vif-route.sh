#!/bin/sh
# Stands in for xen-utils-common's vif-route where that can't be had: the same address, proxy_arp and routes.
# usage: vif=VIF XENBUS_PATH=PATH [netdev=UPLINK] vif-route online|offline type_if=vif
set -eu
: "${vif:?}" "${XENBUS_PATH:?}"
address=$(ip -4 -o addr show primary dev "${netdev:-eth0}" | awk '{ sub("/.*", "", $4); print $4; exit }')
ips=$(xenstore-read "$XENBUS_PATH/ip" 2>/dev/null || true)
if [ -z "$address" ]; then
  echo "vif-route: ${netdev:-eth0} has no address" >&2
  exit 1
fi
case $1 in
  online)
    ip addr add "$address/32" dev "$vif"
    ip link set "$vif" up
    echo 1 >"/proc/sys/net/ipv4/conf/$vif/proxy_arp"
    for ip in $ips; do ip route add "$ip" dev "$vif" src "$address" metric 2; done
    xenstore-write "$XENBUS_PATH/hotplug-status" connected
    ;;
  offline)
    for ip in $ips; do ip route del "$ip" dev "$vif" src "$address" metric 2 2>/dev/null || true; done
    ;;
  *)
    echo "vif-route: what is $1?" >&2
    exit 1
    ;;
esac
