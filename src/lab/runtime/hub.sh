#!/bin/sh
# Pid 1 of a lab: holds its namespaces and disks. When it ends, the kernel ends all that hangs off it.
# usage: hub.sh DIRECTORY RUNTIME HOLD [UID GID]   (of the only user there is, without root)
#   HOLD: stdin = live until standard input ends, forever = live until killed
set -eu
directory=$1 runtime=$2 hold=$3
exec 3<&0 </dev/null

mount -t tmpfs -o mode=755 lab "$directory/disks"
cd "$directory/disks"
mkdir hosts console dev
ip link set lo up

# One read-only /dev for all hosts; what must be private (pts, shm, console) is mounted over it.
mount -t tmpfs -o mode=755,size=64k lab-dev dev
mkdir dev/pts dev/shm
for node in null zero full random urandom tty; do
  : >"dev/$node"
  mount --bind "/dev/$node" "dev/$node"
done
: >dev/console
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -o remount,bind,ro dev

shift 3
sh "$runtime/template-full.sh" template/full "$@"

# /proc is still the machine's, so this is the pid that the controller knows.
read -r pid rest </proc/self/stat
echo "hub $pid"
exec >/dev/null 2>&1

if [ "$hold" = stdin ]; then
  # `wait` also reaps what was orphaned inside the lab.
  cat <&3 &
  wait $!
  cd /
  # Control groups are the machine's, and stay; those of processes can't be removed.
  for own in "$directory/disks/cgroup/xpush-lab-$pid-"*; do
    [ -d "$own" ] || continue
    kill -KILL -1
    tries=0
    until find "$own" -depth -type d -exec rmdir {} + || [ "$tries" -gt 100 ]; do
      tries=$((tries + 1))
      sleep 0.02
    done
  done
  umount -l "$directory/disks"
  rm -rf --one-file-system -- "$directory"
  exit 0
fi
exec 3<&-
while :; do
  sleep 3600 &
  wait $!
done
