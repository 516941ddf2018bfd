# shellcheck shell=sh
# What act programs that change addresses, routes and rules have besides act.sh.

# Words of `ip` an operation; stops at the first that fails. A deleted address takes no other along.
xp_routing() { # FAMILY RULES-FINGERPRINT ROUTES-FINGERPRINT OPERATION...
  xp_family=$1
  [ -z "$2" ] || xp_expect "$2" xp_list_rules "$1" || return
  [ -z "$3" ] || xp_expect "$3" xp_settled_routes "$1" || return
  shift 3
  set -f
  for xp_operation; do
    # shellcheck disable=SC2086 # words of a whitelist: names, numbers and addresses
    case $xp_family,$xp_operation in
    4,'addr del '*) xp_delete_address $xp_operation ;;
    6,'addr add '*) xp_add_address $xp_operation ;;
    *) ip "-$xp_family" $xp_operation ;;
    esac && continue
    set +f
    xp_refuse "failed: ip -$xp_family $xp_operation"
    return
  done
  set +f
}

# What the look program lists, as the controller compares it (`settledRoutes`).
xp_settled_routes() { # FAMILY
  case $1 in
  4) xp_list_routes 4 ;;
  6) xp_list_routes 6 |
    sed -e 's/ expires -*[0-9]*sec//' -e '/ table 255 /d' -e '/ table local /d' ;;
  esac
}

# Without promotion the kernel deletes, with the first address of a network, the others of it.
xp_delete_address() { # addr del ADDRESS dev NAME
  xp_promote=/proc/sys/net/ipv4/conf/$5/promote_secondaries
  xp_value "$xp_promote"
  set -f
  [ "$XP_VALUE" != 0 ] || echo 1 >"$xp_promote" || return
  ip -4 "$@"
  xp_failure=$?
  [ "$XP_VALUE" != 0 ] || echo 0 >"$xp_promote"
  return "$xp_failure"
}

# busybox does not know nodad: there the address is good once nobody else has claimed it.
xp_add_address() { # addr add ADDRESS nodad dev NAME
  xp_said=$(ip -6 "$@" 2>&1) && return
  case $xp_said in
  *nodad*) ip -6 addr add "$3" dev "$6" || return ;;
  *) xp_refuse "$xp_said" || return ;;
  esac
  for _ in 1 2 3 4 5; do
    case $(ip addr show dev "$6" | grep -F " $3 ") in
    *tentative*) sleep 1 ;;
    *) break ;;
    esac
  done
}
