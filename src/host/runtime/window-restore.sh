# shellcheck shell=sh
# Putting the network back, by difference: what is as before is not touched; what is missing is added
# before what is new is removed. Each part is tried, whatever becomes of the others.

xp_restore_live() {
  for xp_part in $XP_PARTS; do
    if ! [ -e "live/$xp_part" ] || ! xp_differ "$xp_part"; then continue; fi
    if [ -s now/missing ] || [ -s now/extra ]; then
      cp now/missing now/add && cp now/extra now/delete
      "xp_restore_${xp_part%[46]}" "${xp_part#"${xp_part%?}"}"
    fi
    case $xp_part in addr4 | rule?) xp_restore_order "$xp_part" ;; esac
  done
  xp_restore_firewalls
} 2>>log

xp_verify_live() {
  for xp_part in $XP_PARTS; do
    if [ -e "live/$xp_part" ] && xp_differ "$xp_part" && [ ! -s now/missing ] && [ ! -s now/extra ] &&
      xp_is_ordered "$xp_part"; then continue; fi
    xp_bad "$(xp_part_name "$xp_part")"
  done
  xp_verify_firewalls
} 2>>log

# Says what it does.
xp_ip_back() { # WORDS...
  if xp_said=$(ip "$@" 2>&1); then
    xp_note "ip $*"
  else
    xp_note "ip $*: $xp_said"
    return 1
  fi
}

xp_restore_sysctl() {
  while IFS= read -r xp_line; do
    xp_print "${xp_line#*:}$XP_NEWLINE" >"${xp_line%%:*}" && xp_note "$xp_line"
  done <now/add
}

xp_restore_link() {
  while read -r xp_dev _ xp_mtu xp_words; do
    xp_is=${xp_words##* }
    # shellcheck disable=SC2086 # `nomaster`, or `master NAME`
    set -- ${xp_words% *}
    [ -d "/sys/class/net/$xp_dev" ] || continue
    xp_ip_back link set "$xp_dev" mtu "$xp_mtu"
    xp_has_master "$@" || xp_ip_back link set "$xp_dev" "$@"
    xp_ip_back link set "$xp_dev" "$xp_is"
  done <now/add
}

xp_has_master() { # nomaster | master NAME
  xp_line=$(ip -o link show "$xp_dev")
  case $xp_line in
  *" master "*) [ $# -eq 2 ] && case $xp_line in *" master $2 "*) ;; *) return 1 ;; esac ;;
  *) [ $# -eq 1 ] ;;
  esac
}

# Without promotion the kernel deletes, with the first address of a network, the others of it: they
# are found missing, and added on the next try.
xp_restore_addr() { # FAMILY
  xp_each_line now/add xp_add_address_back "$1"
  xp_each_line now/delete xp_delete_address_back "$1"
  xp_differ "addr$1" && xp_each_line now/missing xp_add_address_back "$1"
}

xp_each_line() { # FILE FUNCTION FAMILY
  xp_function=$2 xp_family=$3
  set -f
  while IFS= read -r xp_line; do
    # shellcheck disable=SC2086 # words of `ip`
    "$xp_function" $xp_line
  done <"$1"
  set +f
}

xp_add_address_back() { # WORDS...
  if [ "$xp_family" = 6 ] && ip -6 addr add "$@" nodad 2>/dev/null; then
    xp_note "ip -6 addr add $*"
  else
    xp_ip_back "-$xp_family" addr add "$@"
  fi
}

xp_delete_address_back() { # ADDRESS ... dev NAME
  xp_ip_back "-$xp_family" addr del "$1" dev "${xp_line##* dev }"
}

xp_restore_neigh() {
  xp_each_line now/add xp_add_neighbour_back 6
  xp_each_line now/delete xp_delete_neighbour_back 6
}

xp_add_neighbour_back() { # ADDRESS dev NAME
  xp_ip_back -6 neigh add proxy "$@"
}

xp_delete_neighbour_back() { # ADDRESS dev NAME
  xp_ip_back -6 neigh del proxy "$@"
}

# Those without a gateway come first: without them no gateway is known.
xp_restore_route() { # FAMILY
  for xp_pass in direct via; do
    while IFS= read -r xp_line; do
      case $xp_line in
      *' via '* | *nexthop*) [ "$xp_pass" = via ] || continue ;;
      *) [ "$xp_pass" = direct ] || continue ;;
      esac
      set -f
      # shellcheck disable=SC2086 # words of `ip`
      xp_ip_back "-$1" route add $xp_line || xp_ip_back "-$1" route replace $xp_line
      set +f
    done <now/add
  done
  xp_differ "route$1" || return
  cp now/extra now/delete
  xp_each_line now/delete xp_delete_route_back "$1"
}

# An IPv6 route without a metric is deleted whatever its metric is.
xp_delete_route_back() { # WORDS...
  xp_ip_back "-$xp_family" route del "$@"
}

xp_restore_rule() { # FAMILY
  xp_each_line now/add xp_add_rule_back "$1"
  xp_each_line now/delete xp_delete_rule_back "$1"
}

xp_add_rule_back() { # PRIORITY: WORDS...
  xp_priority=${1%:}
  shift
  xp_ip_back "-$xp_family" rule add priority "$xp_priority" "$@"
}

xp_delete_rule_back() { # PRIORITY: WORDS...
  xp_priority=${1%:}
  shift
  xp_ip_back "-$xp_family" rule del priority "$xp_priority" "$@"
}

# Of addresses, the first one of a network is the source of what the host says; of rules with one
# priority the first one counts.
xp_is_ordered() { # PART
  case $1 in addr4 | rule?) ;; *) return 0 ;; esac
  xp_list_part "$1" >now/is || return
  grep -Fx -f "live/$1" now/is >now/common
  grep -Fx -f now/is "live/$1" | cmp -s - now/common
}

xp_restore_order() { # addr4|rule4|rule6
  if xp_is_ordered "$1"; then return 0; fi
  xp_note "$(xp_part_name "$1") come in another order: they are made again in the one that was"
  grep -Fx -f now/is "live/$1" >now/add
  xp_family=${1#"${1%?}"}
  set -f
  while IFS= read -r xp_line; do
    case $1,$xp_line in rule?,*:' from all lookup '*) continue ;; esac
    # shellcheck disable=SC2086 # words of `ip`
    case $1 in
    addr4)
      case $xp_line in *' dev lo') continue ;; esac
      xp_delete_address_back $xp_line
      xp_add_address_back $xp_line
      ;;
    *)
      xp_delete_rule_back $xp_line
      xp_add_rule_back $xp_line
      ;;
    esac
  done <now/add
  set +f
}
