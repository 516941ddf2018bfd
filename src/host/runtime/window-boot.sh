# shellcheck shell=sh
# What ends a window at a boot, before the network comes up: files that were changed in place are put back,
# and a move of files for the next boot that was cut is completed.

# shellcheck disable=SC2016 # for the shell of that boot
XP_HOOK='[ "${1:-start}" != start ] || for window in /var/lib/xpush/window/*/; do
  [ ! -e "${window}run.sh" ] || sh "${window}run.sh" recover
done'

# The first way that this host has; without one, files in place can not be changed safely.
xp_install_hook() {
  true >hooks
  if [ -d /run/systemd/system ]; then
    xp_hook_systemd
  elif [ -e /etc/init.d/.depend.boot ]; then
    xp_hook_insserv
  elif [ -d /etc/rcS.d ]; then
    xp_hook_sysv
  elif [ -d /etc/runlevels/sysinit ]; then
    xp_hook_openrc
  elif [ -d /etc/rc.d/rc3.d ]; then
    for xp_level in 2 3 4 5; do
      xp_hook_file "/etc/rc.d/rc$xp_level.d/S01xpush-undo" '#!/bin/sh' 755 || break
    done
  else
    xp_go_without_hook 'nothing on this host runs at a boot that is known to xpush'
    return
  fi || xp_go_without_hook 'what undoes it at a boot could not be installed'
}

# Nothing is lost where no file is changed in place before the decision.
xp_go_without_hook() { # WHY
  xp_remove_hook
  [ -s manifest ] || return 0
  if [ -n "$XP_NO_HOOK" ]; then
    echo "$1: a reboot before the confirmation would keep the changed files"
  else
    xp_refuse "$1: a reboot before the confirmation would keep the changed files (allow_no_boot_hook: true in the inventory allows that): nothing was changed"
  fi
}

# Until the window is armed there is nothing that half of it could undo; it is made durable with that.
xp_hook_file() { # PATH FIRST-LINES MODE
  xp_print "$1$XP_NEWLINE" >>hooks && xp_print "$2
# Undoes a change of the network that was not confirmed. It goes by itself.
$XP_HOOK$XP_NEWLINE" >"$1" && chmod "$3" "$1"
} 2>/dev/null

xp_hook_systemd() {
  xp_units=/etc/systemd/system
  xp_print "$xp_units/sysinit.target.wants/xpush-undo.service
$xp_units/xpush-undo.service
" >>hooks
  if [ ! -d "$xp_units/sysinit.target.wants" ]; then
    mkdir -p "$xp_units/sysinit.target.wants" || return
    xp_print "$xp_units/sysinit.target.wants$XP_NEWLINE" >>hooks
  fi
  xp_put "$xp_units/xpush-undo.service" "[Unit]
Description=Undo a network change that was not confirmed (xpush)
DefaultDependencies=no
RequiresMountsFor=/var/lib/xpush
After=local-fs.target systemd-remount-fs.service
Before=network-pre.target sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for window in /var/lib/xpush/window/*/; do sh \"\$\${window}run.sh\" recover; done'" &&
    chmod 644 "$xp_units/xpush-undo.service" &&
    ln -sf ../xpush-undo.service "$xp_units/sysinit.target.wants/xpush-undo.service"
}

# Just before the network comes up; earlier, the root is not writable, nor is all of it mounted.
xp_hook_sysv() {
  xp_order_of networking 40
  xp_order=$((XP_ORDER - 1))
  xp_order_of mountall.sh 0
  [ "$XP_ORDER" -le "$xp_order" ] || return
  [ "$xp_order" -gt 9 ] || xp_order=0$xp_order
  xp_hook_file "/etc/rcS.d/S${xp_order}xpush-undo" '#!/bin/sh' 755
}

# In XP_ORDER.
xp_order_of() { # SCRIPT DEFAULT
  XP_ORDER=$2
  for xp_link in /etc/rcS.d/S[0-9][0-9]"$1"; do
    [ -e "$xp_link" ] || [ -L "$xp_link" ] || continue
    xp_link=${xp_link#/etc/rcS.d/S}
    xp_link=${xp_link%"$1"}
    XP_ORDER=${xp_link#0}
    return
  done
}

# There `startpar -M` starts what insserv(8) has written down, and no other file of rcS.d.
xp_hook_insserv() {
  xp_insserv=$(xp_find_insserv) || return
  xp_hash='#' # lines of ours that begin with one do not come to a host
  xp_hook_file /etc/init.d/xpush-undo "#!/bin/sh
$xp_hash## BEGIN INIT INFO
$xp_hash Provides:          xpush-undo
$xp_hash Required-Start:    mountall
$xp_hash Required-Stop:
$xp_hash X-Start-Before:    networking
$xp_hash Default-Start:     S
$xp_hash Default-Stop:
$xp_hash Short-Description: Undo a network change that was not confirmed (xpush)
$xp_hash## END INIT INFO" 755 || return
  "$xp_insserv" xpush-undo >>log 2>&1 && grep -q xpush-undo /etc/init.d/.depend.boot &&
    xp_durable /etc/init.d/.depend.boot && xp_durable /etc/rcS.d/
}

xp_find_insserv() {
  for xp_place in /sbin /usr/sbin /usr/lib/insserv; do
    [ ! -x "$xp_place/insserv" ] || { echo "$xp_place/insserv" && return; }
  done
  command -v insserv
}

xp_hook_openrc() {
  xp_hook_file /etc/init.d/xpush-undo '#!/sbin/openrc-run
depend() {
  need localmount
  before net
}
start() {
  set -- start' 755 || return
  echo '}' >>/etc/init.d/xpush-undo
  xp_print "/etc/runlevels/boot/xpush-undo$XP_NEWLINE" >>hooks
  ln -sf /etc/init.d/xpush-undo /etc/runlevels/boot/xpush-undo
}

xp_remove_hook() {
  [ -e hooks ] || return 0
  while IFS= read -r xp_hook; do
    [ -e "$xp_hook" ] || [ -L "$xp_hook" ] || continue
    if [ "$xp_hook" = /etc/init.d/xpush-undo ] && xp_insserv=$(xp_find_insserv); then
      "$xp_insserv" -r xpush-undo >>log 2>&1 </dev/null
    fi
    if [ -d "$xp_hook" ]; then rmdir "$xp_hook" 2>/dev/null; else rm -f "$xp_hook"; fi
  done <hooks
}
