#!/bin/sh
# Makes the disk of a freshly installed Debian-like host; /usr comes from the machine when the host boots.
# usage: template-full.sh DIRECTORY [UID GID]   (of the only user there is, who then goes by every login name)
set -eu
umask 022
uid=${2-0} gid=${3-0}
mkdir -p "$1"
cd "$1"

mkdir -p etc/ssh/sshd_config.d etc/network/if-pre-up.d etc/network/if-up.d etc/network/if-down.d \
  etc/network/if-post-down.d etc/iproute2 etc/sysctl.d etc/rcS.d etc/init.d etc/default etc/cron.d \
  root home/ops var/lib var/log var/tmp run tmp proc sys dev mnt opt srv usr/local/bin usr/local/sbin
chmod 700 root
chmod 1777 tmp var/tmp
for link in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$link" ] || [ -d "/$link" ]; then ln -s "usr/$link" "$link"; fi
done
ln -s ../run var/run
ln -s ../run/lock var/lock
ln -s ../proc/self/mounts etc/mtab
ln -s ../usr/lib/os-release etc/os-release

for file in ld.so.cache ld.so.conf ld.so.conf.d alternatives protocols services debian_version login.defs \
  pam.d security gai.conf xattr.conf bindresvport.blacklist; do
  # Some of them may be unreadable to others than root; a lab can do without those.
  if [ -e "/etc/$file" ]; then cp -dR --preserve=mode,links "/etc/$file" etc/ 2>/dev/null || true; fi
done
rm -f etc/alternatives/*.gz
for source in /usr/share/iproute2 /etc/iproute2; do
  if [ -d "$source" ]; then cp -dR --preserve=mode,links "$source/." etc/iproute2/; fi
done
printf '#\n# reserved values\n#\n255\tlocal\n254\tmain\n253\tdefault\n0\tunspec\n#\n# local\n#\n#1\tinr.ruhep\n' \
  >etc/iproute2/rt_tables
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\nprotocols: files\nservices: files\n' >etc/nsswitch.conf
printf '/bin/sh\n/bin/bash\n/bin/dash\n/bin/ash\n' >etc/shells
printf 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\n' >etc/environment

cat >etc/passwd <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
ops:x:1000:1000:operator:/home/ops:/bin/sh
PASSWD
cat >etc/group <<'GROUP'
root:x:0:
daemon:x:1:
adm:x:4:
tty:x:5:
sudo:x:27:ops
shadow:x:42:
staff:x:50:
ops:x:1000:
nogroup:x:65534:
GROUP
cat >etc/shadow <<'SHADOW'
root:*:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
nobody:*:19000:0:99999:7:::
sshd:!:19000::::::
ops:*:19000:0:99999:7:::
SHADOW
chmod 640 etc/shadow
if [ "$uid" != 0 ]; then
  sed -i "s/^\(root\|ops\):x:[0-9]*:[0-9]*:/\1:x:$uid:$gid:/" etc/passwd
  sed -i "s/^\(root\|ops\):x:[0-9]*:/\1:x:$gid:/" etc/group
  path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  echo "SetEnv PATH=$path" >etc/ssh/sshd_config.d/path.conf
fi

cat >etc/ssh/sshd_config <<'SSHD'
Include /etc/ssh/sshd_config.d/*.conf
Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
SSHD
