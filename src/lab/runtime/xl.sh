#!/bin/sh
# The part of xl that a lab can answer, from its xenstore: list, domid, info, network-attach, network-list,
# network-detach, block-attach, block-list, block-detach. What starts and ends guests (create, shutdown,
# reboot, destroy) is done by the process that runs the lab (hypervisor.ts), which finds its orders in a directory.
set -eu
hypervisor=/var/lib/lab-xen
guests() { # DOMID NAME, a line each
  for name in /run/xenstore/local/domain/*/name; do
    if [ -f "$name" ]; then
      domid=${name#/run/xenstore/local/domain/}
      echo "${domid%/name} $(cat "$name")"
    fi
  done
}
find_domain() { # DOMAIN -> domid, guest
  found=$(guests | while read -r domid name; do
    case ${1-} in "$domid" | "$name") echo "$domid $name" ;; esac
  done)
  if [ -z "$found" ]; then
    echo "${1-} is an invalid domain identifier (rc=-6)" >&2
    exit 1
  fi
  domid=${found%% *} guest=${found#* }
}
order() { # start|stop|restart NAME
  if [ ! -d "$hypervisor" ]; then
    echo "xl: nobody starts and ends guests here: this lab outlives the program that made it" >&2
    return 1
  fi
  job=$(mktemp "$hypervisor/XXXXXX")
  printf '%s %s\n' "$1" "$2" >"$job"
  mv "$job" "$job.order"
  until [ -f "$job.answer" ]; do sleep 0.02; done
  answer=$(cat "$job.answer")
  rm -f "$job.answer"
  [ "$answer" = "done" ] || { echo "libxl: error: $answer" >&2; return 1; }
}
create() { # CONFIG
  config=''
  for word; do case $word in -*) ;; *) config=$word ;; esac done
  if [ ! -f "$config" ]; then
    echo "Failed to read config file: $config: No such file or directory" >&2
    exit 3
  fi
  echo "Parsing config from $config"
  name=$(sed -n "s/^[[:blank:]]*name[[:blank:]]*=[[:blank:]]*[\"']\([^\"']*\)[\"'].*/\1/p" "$config" | head -n 1)
  if [ -z "$name" ]; then
    echo 'Domain name must be specified.' >&2
    exit 1
  fi
  if guests | grep -q " $name\$"; then
    echo "libxl: error: Domain with name \"$name\" already exists." >&2
    exit 3
  fi
  order start "$name" || exit 3
}
end() { # shutdown|reboot WORD...
  verb=$1 domain='' waits=''
  shift
  for word; do case $word in -w) waits=yes ;; -*) ;; *) domain=$word ;; esac done
  if [ -z "$domain" ]; then
    echo 'You must specify -a or a domain id.' >&2
    exit 1
  fi
  find_domain "$domain"
  case $verb in shutdown) what=stop said='Shutting down' ;; *) what=restart said=Rebooting ;; esac
  echo "$said domain $domid" >&2
  if [ -n "$waits" ]; then order "$what" "$guest"; else order "$what" "$guest" </dev/null >/dev/null 2>&1 & fi
}
attach() { # DOMAIN KEY=VALUE...
  find_domain "$1"
  mac='' ips=''
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
detach() { # DOMAIN DEVID|MAC
  find_domain "$1"
  for vif in "/run/xenstore/backend/vif/$domid"/*; do
    handle=${vif##*/}
    case $2 in "$handle" | "$(cat "$vif/mac" 2>/dev/null)") ;; *) continue ;; esac
    ip link del "vif$domid.$handle"
    rm -r "$vif"
    return
  done
  echo "Unknown device $2." >&2
  exit 1
}
number_of() { # xvdb -> 51728: tools/libs/light/libxl_device.c, device numbers of xvd, hd and sd
  partition=$(printf %s "$1" | tr -dc 0-9)
  letter=$(printf %d "'$(printf %s "$1" | cut -c "$2")")
  echo $((letter - 97)) "${partition:-0}"
}
device_number() {
  case $1 in
    xvd[a-p]*) number_of "$1" 4 | { read -r disk part; echo $(((202 << 8) | (disk << 4) | part)); } ;;
    sd[a-p]*) number_of "$1" 3 | { read -r disk part; echo $(((8 << 8) | (disk << 4) | part)); } ;;
    hd[ab]*) number_of "$1" 3 | { read -r disk part; echo $(((3 << 8) | (disk << 6) | part)); } ;;
    *[!0-9]* | '') return 1 ;;
    *) echo "$1" ;;
  esac
}
attach_disk() { # DOMAIN SPECIFICATION...
  find_domain "$1"
  shift
  specification=$(printf '%s,' "$@") target='' vdev=''
  for word in $(echo "$specification" | tr ',' ' '); do
    case $word in
      vdev=*) vdev=${word#vdev=} ;;
      target=*) target=${word#target=} ;;
      xvd* | sd* | hd*) vdev=$word ;;
      phy:* | file:* | /*) target=${word#*:} ;;
    esac
  done
  number=$(device_number "$vdev") || { echo 'libxl: error: unknown virtual disk identifier' >&2; exit 1; }
  if [ -d "/run/xenstore/backend/vbd/$domid/$number" ]; then
    echo 'libxl_device_disk_add failed.' >&2
    exit 1
  fi
  xenstore-write "backend/vbd/$domid/$number/params" "$target" "backend/vbd/$domid/$number/dev" "$vdev"
}
disks() { # DOMAIN
  printf '%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n' Vdev BE handle state evt-ch ring-ref BE-path
  find_domain "$1"
  for disk in "/run/xenstore/backend/vbd/$domid"/*; do
    [ ! -d "$disk" ] ||
      printf '%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n' "${disk##*/}" 0 "$domid" 4 9 8 "/local/domain/0/backend/vbd/$domid/${disk##*/}"
  done
}
detach_disk() { # DOMAIN DEVICE
  find_domain "$1"
  number=$(device_number "$2") || number=none
  if [ ! -d "/run/xenstore/backend/vbd/$domid/$number" ]; then
    echo "Error: Device $2 not connected." >&2
    exit 1
  fi
  rm -r "/run/xenstore/backend/vbd/$domid/$number"
}
networks() { # DOMAIN
  printf '%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n' \
    Idx BE 'Mac Addr.' handle state evt-ch tx- rx-ring-ref BE-path
  find_domain "$1"
  for vif in "/run/xenstore/backend/vif/$domid"/*; do
    [ ! -d "$vif" ] || printf '%-3d %-2d %-17s %6d %5d %6d %5d/%-11d %-30s\n' "${vif##*/}" 0 "$(cat "$vif/mac")" \
      "${vif##*/}" 4 -1 -1 -1 "/local/domain/0/backend/vif/$domid/${vif##*/}"
  done
}

command=${1-}
[ $# -eq 0 ] || shift
case $command in
  create) create "$@" ;;
  shutdown | reboot) end "$command" "$@" ;;
  destroy)
    find_domain "${1-}"
    order stop "$guest"
    ;;
  network-attach) attach "$@" ;;
  network-detach) detach "$@" ;;
  network-list) networks "$@" ;;
  block-attach) attach_disk "$@" ;;
  block-detach) detach_disk "$@" ;;
  block-list) disks "$@" ;;
  list)
    [ $# -eq 0 ] || find_domain "$1"
    printf '%-40s %5s %5s %5s %10s %9s\n' Name ID Mem VCPUs State 'Time(s)'
    [ $# -ne 0 ] || printf '%-40s %5s %5s %5s %10s %9s\n' Domain-0 0 1024 2 r----- 1.0
    guests | sort -n | while read -r id name; do
      [ $# -ne 0 ] && [ "$id" != "$domid" ] ||
        printf '%-40s %5s %5s %5s %10s %9s\n' "$name" "$id" 256 1 -b---- 1.0
    done
    ;;
  info)
    printf '%-23s: %s\n' host "$(hostname)" xen_major 4 xen_minor 17 xen_extra .5 xen_version 4.17.5
    ;;
  domid)
    guests | while read -r domid name; do [ "$name" != "${1-}" ] || echo "$domid"; done | grep . || {
      echo "Can't get domid of domain name '${1-}', maybe this domain does not exist." >&2
      exit 1
    }
    ;;
  *)
    echo "xl: the lab has no ${command:-such command}" >&2
    exit 2
    ;;
esac
