# shellcheck shell=sh disable=SC2153,SC2154
# Notes of handlers that are to be run, in the place of the host's lock, which is held.

xp_leave_notice() { # NAME...
  umask 077
  { [ -d "$XP_HOME/notified" ] || mkdir -p "$XP_HOME/notified"; } && xp_leave_names "$@"
  xp_failure=$?
  umask 022
  return "$xp_failure"
}

xp_leave_names() { # NAME...
  for xp_name; do true >"$XP_HOME/notified/$xp_name" || return; done
}

xp_take_notice() { # NAME
  [ ! -e "$XP_HOME/notified/$1" ] || rm -f "$XP_HOME/notified/$1"
}
