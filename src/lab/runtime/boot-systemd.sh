# Read by host.sh on a host whose init is systemd.
# shellcheck shell=sh

# Turns pid 1 into systemd. Its own units lie in /run, so that /etc is as on any host; of the machine's /usr only ssh is started.
start_systemd() {
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  units=/run/systemd/system
  mkdir -p $units/multi-user.target.wants $units/ssh.service.d /etc/systemd/system
  for unit in /usr/lib/systemd/system/*.target.wants/*; do
    case $unit in *.target | *'*') ;; *) ln -sf /dev/null "$units/${unit##*/}" ;; esac
  done
  # They need devices that a host has not.
  for unit in console-getty.service systemd-remount-fs.service systemd-udevd.service systemd-udev-trigger.service tmp.mount; do
    ln -sf /dev/null $units/$unit
  done
  ln -s /usr/lib/systemd/system/multi-user.target $units/default.target
  ln -s /usr/lib/systemd/system/ssh.service $units/multi-user.target.wants/
  cat >$units/lab-network.service <<'UNIT'
[Unit]
DefaultDependencies=no
After=local-fs.target network-pre.target
Wants=network-pre.target network.target
Before=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'sh /run/lab/network.sh /run/lab/lines || { echo down >/run/lab/up; exit 1; }'
StandardOutput=append:/dev/console
StandardError=append:/dev/console
UNIT
  ln -s ../lab-network.service $units/multi-user.target.wants/
  cat >$units/ssh.service.d/lab.conf <<'UNIT'
[Unit]
Requires=lab-network.service
[Service]
Environment="SSHD_OPTS=-E /var/log/sshd.log"
ExecStartPost=-/bin/sh -c 'if [ -p /run/lab/up ]; then echo up >/run/lab/up; rm -f /run/lab/up; fi'
UNIT
  mkfifo /run/lab/up
  (
    trap '' HUP TERM
    read -r word </run/lab/up
    echo "$word" >&9
  ) &
  exec env -i container=lab /usr/lib/systemd/systemd --system --log-target=console --log-level=warning \
    --show-status=no 9>&-
}
