#!/bin/sh
# Makes the disk of an old or minimal host, and its /usr beside it: busybox, dropbear and legacy iptables, nothing else.
# usage: template-mini.sh DIRECTORY [UID GID]   (makes DIRECTORY and DIRECTORY.usr; the ids as for template-full.sh)
set -eu
umask 022
root=$1 usr=$1.usr uid=${2-0} gid=${3-0}
if [ -e "$1.done" ]; then exit 0; fi
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$root" "$usr/bin" "$usr/sbin" "$usr/lib" "$usr/lib64" "$usr/local"

install_with_libraries() { # PROGRAM DIRECTORY
  cp -L "$1" "$usr/$2/"
  # Where it is from doesn't matter to the loader: both directories are in its default path.
  ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
    library=${library#/usr}
    mkdir -p "$usr${library%/*}"
    cp -L "$library" "$usr$library"
  done
}

cd "$root"
mkdir -p etc/dropbear etc/network/if-pre-up.d etc/network/if-up.d etc/network/if-down.d \
  etc/network/if-post-down.d etc/iproute2 etc/rcS.d etc/init.d etc/sysctl.d root home/ops \
  var/lib var/log var/tmp run tmp proc sys dev mnt usr/local/bin usr/local/sbin
chmod 700 root
chmod 1777 tmp var/tmp
for link in bin sbin lib lib64; do ln -s "usr/$link" "$link"; done
ln -s ../run var/run
ln -s ../run/lock var/lock
ln -s ../proc/self/mounts etc/mtab

cp -L "$(command -v busybox)" "$usr/bin/busybox"
mount --bind "$usr" usr
chroot . /bin/busybox --install -s
umount usr

install_with_libraries "$(command -v dropbear)" sbin
tables=$(command -v xtables-legacy-multi)
install_with_libraries "$tables" sbin
for directory in /usr/lib/*/xtables /usr/lib/xtables /lib/xtables; do
  if [ -d "$directory" ]; then
    mkdir -p "$usr${directory#/usr}"
    cp -dR --preserve=mode,links "$directory/." "$usr${directory#/usr}/"
  fi
done
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  ln -sf xtables-legacy-multi "$usr/sbin/$name"
done

printf 'root:x:0:0:root:/root:/bin/sh\nops:x:1000:1000:operator:/home/ops:/bin/sh\n' >etc/passwd
printf 'root:x:0:\nops:x:1000:\n' >etc/group
printf 'root:*:19000:0:99999:7:::\nops:*:19000:0:99999:7:::\n' >etc/shadow
chmod 640 etc/shadow
if [ "$uid" != 0 ]; then
  sed -i "s/^\(root\|ops\):x:[0-9]*:[0-9]*:/\1:x:$uid:$gid:/" etc/passwd
  sed -i "s/^\(root\|ops\):x:[0-9]*:/\1:x:$gid:/" etc/group
  # Dropbear gives a PATH with sbin to uid 0 alone.
  for tool in "$usr"/sbin/*; do ln -sn "../sbin/${tool##*/}" "$usr/bin/" 2>/dev/null || true; done
fi
printf '/bin/sh\n/bin/ash\n' >etc/shells
printf '255\tlocal\n254\tmain\n253\tdefault\n0\tunspec\n' >etc/iproute2/rt_tables
: >"$1.done"
