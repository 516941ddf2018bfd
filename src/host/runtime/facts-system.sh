# shellcheck shell=sh
# What runs on a host: distribution, kernel, init, iproute2. Nothing in here writes.

unset -f systemctl udevadm udevinfo uname

xp_system() {
  xp_lines /etc/os-release /etc/alpine-release /etc/lsb-release /etc/debian_version \
    /etc/redhat-release /etc/SuSE-release /etc/gentoo-release /etc/slackware-version \
    /proc/1/comm /usr/lib/os-release
  xp_flag arch test -e /etc/arch-release
  xp_flag systemd test -d /run/systemd/system
  xp_flag openrc xp_any /run/openrc /lib/rc/init.d /lib64/rc/init.d /libexec/rc/init.d
  xp_flag busybox test /sbin/init -ef /bin/busybox
  xp_flag inittab test -e /etc/inittab
  xp_flag comm test -e /proc/1/comm
  if xp_any /etc/init /etc/event.d; then xp_say initctl initctl version; fi
  xp_say uname uname -nrm
  xp_say systemctl systemctl --version
  if ! command -v udevadm >/dev/null 2>&1; then
    xp_say udev udevinfo -V
  else
    case $XP_SAID in
    'systemd '[0-9]*) xp_add "has:udevadm$XP_NEWLINE" ;; # they are of one version
    *) xp_say udev udevadm --version ;;
    esac
  fi
  xp_say ip ip -V
}
