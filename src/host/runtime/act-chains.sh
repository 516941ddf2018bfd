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

xp_restore() { # PAYLOAD
  if "$XP_TABLES-restore" --help 2>&1 | grep -q -e '--wait'; then
    xp_print "$1" | "$XP_TABLES-restore" --noflush --wait 5
  else
    xp_print "$1" | "$XP_TABLES-restore" --noflush
  fi
}
