# shellcheck shell=sh
# Changing the chains of iptables.

# One iptables-restore: a transaction a table.
xp_swap_chains() { # FAMILY SED-SCRIPT FINGERPRINT PAYLOAD
  [ -z "$3" ] || xp_expect "$3" xp_print_chains "$1" "$2" || return
  xp_tables "$1"
  xp_restore "$4" && return
  # somebody may have been faster: then the payload did not fit, and nothing was changed
  [ -z "$3" ] || xp_expect "$3" xp_print_chains "$1" "$2" || return
  return 1
}

# An iptables-restore of before 1.6.2 does not know --wait, and reads nothing then; without a grep that
# could tell, it is asked once more.
xp_restore() { # PAYLOAD
  xp_said=$(xp_print "$1" | "$XP_TABLES-restore" --noflush --wait 5 2>&1)
  xp_failure=$?
  if [ "$xp_failure" != 0 ] && ! "$XP_TABLES-restore" --help 2>&1 | grep -q -e '--wait'; then
    xp_print "$1" | "$XP_TABLES-restore" --noflush
    return
  fi
  xp_print "$xp_said${xp_said:+$XP_NEWLINE}"
  return "$xp_failure"
}
