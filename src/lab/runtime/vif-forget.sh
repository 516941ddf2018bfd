# shellcheck shell=sh
# Runs on a dom0, from standard input: clears away what vif-online.sh left of a guest whose vifs are gone.
# usage: sh -s -- DOMID
set -eu
domid=$1
name=$(cat "/run/xenstore/local/domain/$domid/name" 2>/dev/null || true)
if [ -n "$name" ]; then
  umount "/run/netns/$name" 2>/dev/null || true
  rm -f "/run/netns/$name"
fi
# Those that were attached later; the kernel may be at it, as it takes them away with the guest's network.
for link in /sys/class/net/vif"$domid".*; do
  [ ! -e "$link" ] || ip link del "${link##*/}" 2>/dev/null || true
done
rm -rf "/run/xenstore/backend/vif/$domid" "/run/xenstore/backend/vbd/$domid" "/run/xenstore/local/domain/$domid"
# What could not be listed has no rules of ours.
iptables -w -t raw -S 2>/dev/null | sed -n "s/^-N \(lab-vif$domid\.[0-9]*\)$/\1/p" | while read -r chain; do
  iptables -w -t raw -D PREROUTING -i "${chain#lab-}" -j "$chain"
  iptables -w -t raw -F "$chain"
  iptables -w -t raw -X "$chain"
done
