# shellcheck shell=sh
# What act programs that change addresses, routes and rules have besides act.sh.

# Words of `ip` an operation; stops at the first that fails. One `ip` does neighbours where it can.
xp_routing() { # FAMILY RULES-FINGERPRINT ROUTES-FINGERPRINT OPERATION...
  xp_expect_routing "$1" "$2" "$3" || return
  xp_family=$1
  shift 3
  set -f
  while [ $# -gt 0 ]; do
    xp_gather "$@"
    case $xp_gathered,$XP_CAN_BATCH in
    [01],* | *,) xp_gathered=1 && xp_operate "$1" ;;
    *) xp_operate_all "$@" ;;
    esac || break
    shift "$xp_gathered"
  done
  set +f
  [ $# -eq 0 ]
}

# How many of the first operations one `ip` can do, and their lines.
xp_gather() { # OPERATION...
  xp_gathered=0 xp_lines=
  for xp_operation; do
    case $xp_family,$xp_operation in
    4,'addr del '* | 6,'addr add '*) return ;;
    esac
    case $xp_operation in *[!A-Za-z0-9\ ._:/+@%-]*) return ;; esac # what `ip` may not read as a word
    xp_lines=$xp_lines$xp_operation$XP_NEWLINE
    xp_gathered=$((xp_gathered + 1))
  done
}

# It counts the lines, and ends at the one that fails.
xp_operate_all() { # OPERATION...
  if xp_said=$(xp_print "$xp_lines" | ip "-$xp_family" -batch - 2>&1); then
    xp_print "$xp_said${xp_said:+$XP_NEWLINE}"
    return
  fi
  xp_line=${xp_said##*Command failed -:}
  case $xp_line in '' | *[!0-9]*) xp_line=0 ;; esac
  if [ "$xp_line" -lt 1 ] || [ "$xp_line" -gt $# ]; then
    xp_refuse "$xp_said"
    return
  fi
  shift $((xp_line - 1))
  xp_refuse "${xp_said%"Command failed -:$xp_line"}failed: ip -$xp_family $1"
}

# A deleted address takes no other along.
xp_operate() { # OPERATION
  # shellcheck disable=SC2086 # words of a whitelist: names, numbers and addresses
  case $xp_family,$1 in
  4,'addr del '*) xp_delete_address $1 ;;
  6,'addr add '*) xp_add_address $1 ;;
  *) ip "-$xp_family" $1 ;;
  esac || xp_refuse "failed: ip -$xp_family $1"
}

# Fails (stale) unless rules and routes are as they were when it was planned from them. In XP_CAN_BATCH
# whether this `ip` takes many operations at once, which one that does not know -N (busybox) may not.
xp_expect_routing() { # FAMILY RULES-FINGERPRINT ROUTES-FINGERPRINT
  XP_CAN_BATCH=
  [ "$1" = 4 ] || xp_has_6 || { xp_expect_listings "$@"; return; }
  xp_list=$(xp_print "rule show${XP_NEWLINE}route show table all$XP_NEWLINE" | ip -N "-$1" -batch - 2>/dev/null) ||
    { xp_expect_listings "$@"; return; }
  XP_CAN_BATCH=yes
  xp_split_listings
  xp_sum=$(
    [ -z "$2" ] || xp_print "$xp_rules$XP_NEWLINE" | xp_sum_up
    [ -z "$3" ] || xp_sum_routes "$1"
  )
  for xp_wanted in "$2" "$3"; do
    [ -n "$xp_wanted" ] || continue
    xp_read_sums "${xp_sum%%"$XP_NEWLINE"*}"
    xp_sum=${xp_sum#*"$XP_NEWLINE"}
    xp_fits "$xp_wanted" "$XP_SUMS" || return "$XP_STALE"
  done
}

# The lines that begin as rules do, `PRIORITY:` and a tab, come first: they go to xp_rules.
xp_split_listings() {
  xp_rules='' xp_rest=$xp_list$XP_NEWLINE
  while :; do
    xp_line=${xp_rest%%"$XP_NEWLINE"*}
    case ${xp_line%%:	*} in '' | *[!0-9]* | "$xp_line") break ;; esac
    xp_rules=$xp_rules$xp_line$XP_NEWLINE
    xp_rest=${xp_rest#*"$XP_NEWLINE"}
  done
  xp_rules=${xp_rules%"$XP_NEWLINE"} xp_list=${xp_rest%"$XP_NEWLINE"}
}

xp_expect_listings() { # FAMILY RULES-FINGERPRINT ROUTES-FINGERPRINT
  [ -z "$2" ] || xp_expect "$2" xp_list_rules "$1" || return
  [ -z "$3" ] || xp_expect "$3" xp_settled_routes "$1"
}

# What the look program lists, as the controller compares it (`settledRoutes`).
xp_settled_routes() { # FAMILY
  case $1 in
  4) xp_list_routes 4 ;;
  6) xp_list_routes 6 | xp_settle_routes ;;
  esac
}

xp_settle_routes() {
  sed -e 's/ expires -*[0-9]*sec//' -e '/ table 255 /d' -e '/ table local /d'
}

xp_sum_routes() { # FAMILY
  case $1 in
  4) xp_print "$xp_list$XP_NEWLINE" | xp_sum_up ;;
  6) xp_print "$xp_list$XP_NEWLINE" | xp_settle_routes | xp_sum_up ;;
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
    xp_said=$(ip addr show dev "$6")
    xp_said=${xp_said#*" $3 "}
    case ${xp_said%%"$XP_NEWLINE"*} in
    *tentative*) sleep 1 ;;
    *) break ;;
    esac
  done
}
