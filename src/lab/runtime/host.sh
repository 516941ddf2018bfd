#!/bin/sh
# Pid 1 of a host: mounts, then boots like an old init (rcS.d, sysctl, network, firewall, ssh), then reaps.
# usage: host.sh NAME DISK USR DEV SERVICE CONSOLE   (SERVICE: sshd, dropbear or none)
# Talks with the controller: says "pid N", reads "go" and the lines up to "end" from descriptor 3, says "up" and lets go.
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
mount -t tmpfs -o mode=755,size=16m tmpfs run
mount -t tmpfs -o mode=1777,size=16m tmpfs tmp
mount --rbind "$dev" dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mkdir -p run/sshd run/lock run/shm .machine
chmod 1777 run/lock run/shm
mount --bind "$console" dev/console
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

for hook in /etc/rcS.d/S*; do
  if [ -x "$hook" ]; then "$hook" start 9>&- 3<&- || echo "$hook: failed"; fi
done

network='' interfaces='' boot_from=plan
while read -r verb rest <&3; do
  case $verb in
    sysctl) printf '%s\n' "${rest#* }" >"/proc/sys/${rest%% *}" ;;
    iface) interfaces="$interfaces $rest" ;;
    ip) network="$network$rest
" ;;
    boot_from) boot_from=$rest ;;
    end) break ;;
  esac
done
exec 3<&-
for file in /etc/sysctl.d/*.conf /etc/sysctl.conf; do
  if [ -f "$file" ]; then sysctl -q -p "$file" || echo "$file: failed"; fi
done
if [ -f /etc/iftab ] && command -v ifrename >/dev/null; then ifrename -c /etc/iftab || true; fi

run_hooks() { # DIRECTORY PHASE: as ifupdown does for each interface, interfaces(5)
  for interface in $interfaces; do
    for hook in "/etc/network/$1"/*; do
      if [ -x "$hook" ]; then
        IFACE=$interface LOGICAL=$interface ADDRFAM=inet METHOD=static MODE=start PHASE=$2 VERBOSITY=0 \
          "$hook" 9>&- || echo "$hook: failed"
      fi
    done
  done
}

if [ "$boot_from" = interfaces ] && [ -f /etc/network/interfaces ] && command -v ifup >/dev/null; then
  mkdir -p /run/network
  ifup -a 9>&- || echo "ifup -a: failed"
else
  ip link set lo up
  run_hooks if-pre-up.d pre-up
  if [ "$service" = dropbear ]; then
    # Its ip has no -batch.
    # shellcheck disable=SC2086 # the words of a line are the arguments
    printf '%s' "$network" | while read -r line; do ip $line || exit 1; done
  else
    printf '%s' "$network" | ip -batch -
  fi
  run_hooks if-up.d post-up
fi

for family in '' 6; do
  rules=/etc/iptables/rules.v${family:-4}
  if [ -f "$rules" ]; then "ip${family}tables-restore" <"$rules" || echo "$rules: failed"; fi
done

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
