# shellcheck shell=sh
# Changing native nftables.

# One transaction: the rules named go, and then the script runs. Each rule is four words.
xp_load_nft() { # SED-SCRIPT FINGERPRINT SCRIPT [FAMILY TABLE CHAIN RULE]...
  xp_listing=$1 xp_before=$2 xp_script=$3
  shift 3
  [ -z "$xp_before" ] || xp_expect "$xp_before" xp_list_nft "$xp_listing" || return
  xp_script="$(xp_rule_handles "$@")
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
xp_rule_handles() { # [FAMILY TABLE CHAIN RULE]...
  while [ $# -ge 4 ]; do
    nft -s -a list chain "$1" "$2" "$3" 2>/dev/null |
      while IFS= read -r xp_line; do
        case $xp_line in
        "		$4 # handle "*) echo "delete rule $1 $2 $3 handle ${xp_line##* }" ;;
        esac
      done
    shift 4
  done
}
