# shellcheck shell=sh disable=SC2154
# Kernel parameters.

# Values are compared with their blanks as single spaces: the kernel prints tabs between numbers.
xp_parameter() { # /proc/sys/PATH BEFORE VALUE AFTER
  xp_value "$1"
  [ "$XP_VALUE" = "$2" ] || xp_refuse "expected $2, found $XP_VALUE" || return "$XP_STALE"
  xp_print "$3
" >"$1" || xp_refuse "the kernel refuses '$3'" || return
  xp_value "$1"
  [ "$XP_VALUE" = "$4" ] || xp_refuse "the kernel did not take '$3': it says '$XP_VALUE'"
}

xp_value() { # /proc/sys/PATH
  xp_list=$(cat "$1" 2>/dev/null)
  set -f
  # shellcheck disable=SC2086 # split into words
  set -- $xp_list
  set +f
  XP_VALUE=$*
}
