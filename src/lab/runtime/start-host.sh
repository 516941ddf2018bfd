#!/bin/sh
# Runs in the hub's namespaces: gives a host its disk the first time, then starts its pid 1 in namespaces of its own.
# usage: start-host.sh DISKS RUNTIME NAME TEMPLATE USR SERVICE DISK_MIB CGROUP [UNSHARE_OPTION...]
# CGROUP: a directory that it begins in and sees as the root of all, or - for none
set -eu
disks=$1 runtime=$2 name=$3 template=$4 usr=$5 service=$6 mib=$7 cgroup=$8
shift 8
disk=$disks/hosts/$name

if [ ! -d "$disk" ]; then
  mkdir "$disk"
  mount -t tmpfs -o "mode=755,size=${mib}m" "lab-$name" "$disk"
  cp -a "$disks/template/$template/." "$disk/"
fi
if [ "$cgroup" != - ]; then
  echo 0 >"$cgroup/cgroup.procs"
  set -- "$@" -C
fi
exec setsid -f unshare "$@" -m -n -p -u -i -f --kill-child --propagation private -- \
  sh "$runtime/host.sh" "$name" "$disk" "$usr" "$disks/dev" "$service" "$disks/console/$name"
