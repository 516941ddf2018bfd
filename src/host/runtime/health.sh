# shellcheck shell=sh
# Whether neighbours answer. Nothing in here writes.

# Lines `ADDRESS yes|no`; nothing of an address that could not be tried.
xp_health() { # ADDRESS...
  command -v ping >/dev/null 2>&1 || return 0
  xp_said=$(
    for xp_address; do
      xp_ping "$xp_address" &
    done
    wait
  )
  xp_print "$xp_said$XP_NEWLINE"
}

# One echo of one second. Status 1 of ping(8) says that nobody answered, 2 that it could not ask.
xp_ping() { # ADDRESS
  case $1 in
  *:*) if ping -6 -c 1 -W 1 ::1 >/dev/null 2>&1; then xp_tool='ping -6'; else xp_tool=ping6; fi ;;
  *) xp_tool=ping ;;
  esac
  $xp_tool -c 1 -W 1 "$1" >/dev/null 2>&1
  case $? in
  0) echo "$1 yes" ;;
  1) echo "$1 no" ;;
  esac
}
