# shellcheck shell=sh
# Changing native nftables.

# One transaction: the jumps named go, and then the script runs. Each jump is four words.
xp_load_nft() { # SED-SCRIPT FINGERPRINT SCRIPT [FAMILY TABLE CHAIN TARGET]...
  xp_listing=$1 xp_before=$2 xp_script=$3
  shift 3
  [ -z "$xp_before" ] || xp_expect "$xp_before" xp_list_nft "$xp_listing" || return
  xp_script="$(xp_unjump "$@")
$xp_script"
  if xp_nft -c && xp_nft; then return; fi
  # somebody may have been faster: then the script did not fit, and nothing was changed
  [ -z "$xp_before" ] || xp_expect "$xp_before" xp_list_nft "$xp_listing" || return
  return 1
}

xp_nft() { # [-c]
  xp_print "$xp_script
" | nft "$@" -f /dev/stdin
}

# Rules are removed by their handles, which only a listing tells.
xp_unjump() { # [FAMILY TABLE CHAIN TARGET]...
  while [ $# -ge 4 ]; do
    nft -s -a list chain "$1" "$2" "$3" 2>/dev/null |
      sed -n "s/^		\(counter \)*jump $4\( comment \"[^\"]*\"\)* # handle \([0-9]*\)\$/delete rule $1 $2 $3 handle \3/p"
    shift 4
  done
}
