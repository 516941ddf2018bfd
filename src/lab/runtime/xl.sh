#!/bin/sh
# The part of xl that a lab can answer: `xl list` and `xl domid NAME` from its xenstore, `xl info`, and
# `xl network-attach DOMAIN KEY=VALUE...`, which makes the interface and brings it online by vif-route.
set -eu
guests() { # DOMID NAME, a line each
  for name in /run/xenstore/local/domain/*/name; do
    if [ -f "$name" ]; then
      domid=${name#/run/xenstore/local/domain/}
      echo "${domid%/name} $(cat "$name")"
    fi
  done
}
attach() { # DOMAIN KEY=VALUE...
  found=$(guests | while read -r domid name; do
    case $1 in "$domid" | "$name") echo "$domid $name" ;; esac
  done)
  if [ -z "$found" ]; then
    echo "$1 is an invalid domain identifier (rc=-6)" >&2
    exit 1
  fi
  domid=${found%% *} guest=${found#* } mac='' ips=''
  shift
  for word; do
    case $word in mac=*) mac=${word#mac=} ;; ip=*) ips=${word#ip=} ;; esac
  done
  handle=0 number=0
  while [ -d "/run/xenstore/backend/vif/$domid/$handle" ]; do handle=$((handle + 1)); done
  while ip netns exec "$guest" ip link show "eth$number" >/dev/null 2>&1; do number=$((number + 1)); done
  ip link add "vif$domid.$handle" address fe:ff:ff:ff:ff:ff type veth \
    peer name "eth$number" address "$mac" netns "$guest"
  sh /usr/local/lib/lab/vif-online.sh "$guest" "$(xenstore-read lab/uplink)" \
    "$(xenstore-read lab/antispoof)" "vif$domid.$handle=$mac=$ips"
}

case ${1-} in
  network-attach)
    shift
    attach "$@"
    ;;
  list)
    printf '%-40s %5s %5s %5s %10s %9s\n' Name ID Mem VCPUs State 'Time(s)'
    printf '%-40s %5s %5s %5s %10s %9s\n' Domain-0 0 1024 2 r----- 1.0
    guests | sort -n | while read -r domid name; do
      printf '%-40s %5s %5s %5s %10s %9s\n' "$name" "$domid" 256 1 -b---- 1.0
    done
    ;;
  info)
    printf '%-23s: %s\n' host "$(hostname)" xen_major 4 xen_minor 17 xen_extra .5 xen_version 4.17.5
    ;;
  domid)
    guests | while read -r domid name; do [ "$name" != "${2-}" ] || echo "$domid"; done | grep . || {
      echo "Can't get domid of domain name '${2-}', maybe this domain does not exist." >&2
      exit 1
    }
    ;;
  *)
    echo "xl: the lab has no ${1-such command}" >&2
    exit 2
    ;;
esac
