#!/bin/sh
# Pid 1 of a host: mounts, then boots like an old init (rcS.d, sysctl, network, firewall, ssh), then reaps; or becomes systemd.
# usage: host.sh NAME DISK USR DEV SERVICE CONSOLE   (SERVICE: sshd, dropbear, none or systemd)
# Talks with the controller: says "pid N", reads "go" and the lines up to "end" from descriptor 3, says "up" or "down" and lets go.
set -eu
name=$1 disk=$2 usr=$3 dev=$4 service=$5 console=$6

# /proc is still the machine's, so this is the pid that the controller knows.
read -r pid rest </proc/self/stat
echo "pid $pid"
read -r word <&3
[ "$word" = go ]
exec 9>&1 >>"$console" 2>&1

hostname "$name"
# A mount that was made by a parent user namespace can't become the root.
mount --bind "$disk" "$disk"
cd "$disk"
mount --bind usr/local mnt
mount -o bind,ro "$usr" usr
mount -n --move mnt usr/local
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,size=64m tmpfs run
mount -t tmpfs -o mode=1777,size=16m tmpfs tmp
mount --rbind "$dev" dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mkdir -p run/sshd run/lock run/shm run/lab .machine
cp "${0%/*}/boot-network.sh" run/lab/network.sh
# Each boot has its own: it is how programs see that there was one.
cat proc/sys/kernel/random/uuid >run/lab/boot_id
mount --bind run/lab/boot_id proc/sys/kernel/random/boot_id
# shellcheck source=src/lab/runtime/boot-systemd.sh
if [ "$service" = systemd ]; then . "${0%/*}/boot-systemd.sh"; fi
chmod 1777 run/lock run/shm
mount --bind "$console" dev/console
mount --bind run/shm dev/shm
pivot_root . .machine
cd /
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
umount -n -l /.machine
rmdir /.machine

# The machine's settings would leak into a new network namespace.
cd /proc/sys/net/ipv4
echo 0 >ip_forward
for scope in conf/*; do
  for off in rp_filter arp_filter arp_announce arp_ignore proxy_arp accept_local promote_secondaries log_martians; do
    echo 0 >"$scope/$off"
  done
  for on in accept_redirects secure_redirects send_redirects; do echo 1 >"$scope/$on"; done
done
for scope in ../ipv6/conf/*; do
  [ -d "$scope" ] || continue
  for off in forwarding accept_ra accept_dad dad_transmits; do echo 0 >"$scope/$off"; done
done
cd /

if [ "$service" != systemd ]; then
  for hook in /etc/rcS.d/S*; do
    if [ -x "$hook" ]; then "$hook" start 9>&- 3<&- || echo "$hook: failed"; fi
  done
fi

# What an installer left to be done at each boot.
while read -r line <&3 && [ "$line" != end ]; do printf '%s\n' "$line"; done >/run/lab/lines
exec 3<&-
if [ "$service" = systemd ]; then start_systemd; fi
sh /run/lab/network.sh /run/lab/lines 9>&-

case $service in
  sshd) /usr/sbin/sshd -E /var/log/sshd.log 9>&- ;;
  dropbear) /usr/sbin/dropbear -E -s -P /run/sshd.pid -r /etc/dropbear/dropbear_ed25519_host_key 9>&- 2>>/var/log/dropbear.log ;;
esac
if [ "$service" != none ]; then
  tries=0
  until [ -s /run/sshd.pid ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 2000 ]
    sleep 0.005
  done
fi
echo up >&9
exec 9>&-
while :; do
  sleep 3600 &
  wait $!
done
