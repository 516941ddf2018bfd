# shellcheck shell=sh
# Runs on a dom0, from standard input or for `xl network-attach`: brings a guest's vifs online by vif-route, as xl's hotplug does.
# usage: sh -s -- GUEST UPLINK ANTISPOOF VIF=MAC=IPS...
set -eu
guest=$1 uplink=$2 antispoof=$3
shift 3
xenstore-write lab/uplink "$uplink" lab/antispoof "$antispoof"

online() { # VIF=MAC=IPS
  vif=${1%%=*} ips=${1##*=} mac=${1#*=}
  domid=${vif#vif} domid=${domid%.*}
  backend=backend/vif/$domid/${vif#*.}
  xenstore-write "$backend/ip" "$ips" "$backend/mac" "${mac%=*}" "$backend/script" /etc/xen/scripts/vif-route \
    "/local/domain/$domid/name" "$guest"
  XENBUS_PATH=$backend vif=$vif netdev=$uplink /etc/xen/scripts/vif-route online type_if=vif ||
    { cat /var/log/xen/xen-hotplug.log; return 1; }
  [ "$(xenstore-read "$backend/hotplug-status")" = connected ]

  # Not there to set without real root; then answers for others are late by up to 0.8 s.
  delay=/proc/sys/net/ipv4/neigh/$vif/proxy_delay
  if [ -e "$delay" ]; then echo 0 >"$delay"; fi
  case $antispoof in
    rp_filter) echo 1 >"/proc/sys/net/ipv4/conf/$vif/rp_filter" ;;
    iptables)
      iptables -w -t raw -N "lab-$vif"
      for ip in $ips; do iptables -w -t raw -A "lab-$vif" -s "$ip" -j RETURN; done
      iptables -w -t raw -A "lab-$vif" -j DROP
      iptables -w -t raw -A PREROUTING -i "$vif" -j "lab-$vif"
      ;;
  esac
}

jobs=''
for spec in "$@"; do
  online "$spec" &
  jobs="$jobs $!"
done
for job in $jobs; do wait "$job"; done
