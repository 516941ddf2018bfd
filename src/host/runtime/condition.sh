# shellcheck shell=sh
# How a host is: its clock, its disks, its shell, what its sshd allows. Nothing in here writes.
# Lines `WORD:TEXT`, as in facts.sh.

unset -f date df id

xp_condition() {
  xp_print "shell:${SHELL-}$XP_NEWLINE"
  xp_print "uid:$(id -u 2>/dev/null)$XP_NEWLINE"
  xp_print "sh:$(readlink "/proc/$$/exe" 2>/dev/null)$XP_NEWLINE"
  xp_boot_way
  # a place that is not there fails, and leaves the others
  xp_condition_lines df "$(df -Pk / /etc /var /var/lib /tmp /run 2>/dev/null)"
  xp_condition_lines inodes "$(df -Pi / /etc /var /var/lib /tmp /run 2>/dev/null)"
  xp_condition_lines mount "$(grep -E '^[^ ]+ (/|/etc|/var|/var/lib|/tmp|/run) ' /proc/mounts 2>/dev/null)"
  xp_condition_lines sshd "$(grep -is '^[[:space:]]*\(match\|maxstartups\|maxsessions\|allowtcpforwarding\)[[:space:]=]' \
    /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config)"
  # the last of all: what comes before it takes its time
  xp_print "clock:$(date +%s 2>/dev/null)$XP_NEWLINE"
}

xp_condition_lines() { # WORD LINES
  xp_word=$1 xp_left=200
  set -f
  IFS=$XP_NEWLINE
  # shellcheck disable=SC2086 # split into lines
  set -- $2
  IFS=$XP_BLANKS
  set +f
  for xp_line; do
    [ "$xp_left" -gt 0 ] || break
    xp_print "$xp_word:$xp_line$XP_NEWLINE"
    xp_left=$((xp_left - 1))
  done
}

# As xp_install_hook of window-boot.sh looks for it.
xp_boot_way() {
  if [ -d /run/systemd/system ]; then
    echo boot:systemd
  elif [ -e /etc/init.d/.depend.boot ]; then
    echo boot:insserv
  elif [ -d /etc/rcS.d ]; then
    echo boot:sysv
  elif [ -d /etc/runlevels/sysinit ]; then
    echo boot:openrc
  elif [ -d /etc/rc.d/rc3.d ]; then
    echo boot:rc
  fi
}
