# shellcheck shell=sh
# The network as it is now, as listings whose lines are the words that would make it so: snapshots are
# these, undoing adds and removes lines, and verifying lists once more.

# Rules before routes, as without the rule for its table no gateway is known to the kernel; IPv6 before
# IPv4, which may have its gateways there.
XP_PARTS='sysctl link addr4 addr6 neigh rule4 rule6 route6 route4'

xp_snapshot_live() { # PARAMETER...
  for xp_part in $XP_PARTS; do
    xp_list_part "$xp_part" >"live/$xp_part" || xp_refuse "the $(xp_part_name "$xp_part") could not be listed: nothing was changed" || return
  done
  for xp_part in sysctl link addr4 rule4; do
    [ "$xp_part" != rule4 ] || xp_has_rules || continue
    [ "$xp_part" != addr4 ] || [ ! -s live/addr6 ] || continue
    [ -s "live/$xp_part" ] || xp_refuse "no $(xp_part_name "$xp_part") were found, which can not be: nothing was changed" || return
  done
  xp_snapshot_firewalls
}

xp_list_part() { # PART
  case $1 in
  sysctl) xp_with_parameters xp_list_parameters ;;
  link) xp_list_links ;;
  addr4) xp_list_addresses 4 ;;
  addr6) xp_list_addresses 6 ;;
  neigh) xp_list_neighbours ;;
  route4) xp_route_lines 4 ;;
  route6) xp_route_lines 6 ;;
  rule4) xp_rule_lines 4 ;;
  rule6) xp_rule_lines 6 ;;
  esac
}

xp_part_name() { # PART
  case $1 in
  sysctl) echo 'kernel parameters' ;;
  link) echo interfaces ;;
  addr?) echo "addresses of IPv${1#addr}" ;;
  neigh) echo 'proxy neighbours' ;;
  route?) echo "routes of IPv${1#route}" ;;
  rule?) echo "rules of IPv${1#rule}" ;;
  *) echo "$1" ;;
  esac
}

# Lines PATH:VALUE. The global ones come first: to set them changes those of the interfaces.
# Not `read`: dash, busybox and mksh see only the first byte of files there.
xp_list_parameters() { # PATH...
  grep -s . /dev/null /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding \
    /proc/sys/net/ipv4/icmp_echo_ignore_all /proc/sys/net/ipv4/conf/all/* /proc/sys/net/ipv4/conf/default/* \
    /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/proxy_arp \
    /proc/sys/net/ipv4/conf/*/arp_ignore /proc/sys/net/ipv4/conf/*/arp_announce \
    /proc/sys/net/ipv4/conf/*/arp_filter /proc/sys/net/ipv4/conf/*/promote_secondaries \
    /proc/sys/net/ipv4/conf/*/accept_local /proc/sys/net/ipv4/conf/*/accept_redirects \
    /proc/sys/net/ipv6/conf/*/disable_ipv6 /proc/sys/net/ipv6/conf/*/forwarding \
    /proc/sys/net/ipv6/conf/*/proxy_ndp /proc/sys/net/ipv6/conf/*/accept_ra "$@" | grep -v '/mc_forwarding:'
}

# Lines `NAME mtu NUMBER master NAME up|down`; no master: `nomaster`.
xp_list_links() {
  ip -o link show >now/raw || return
  while IFS= read -r xp_line; do
    xp_dev=${xp_line#*: }
    xp_dev=${xp_dev%%: *}
    xp_dev=${xp_dev%%@*}
    xp_mtu=${xp_line#* mtu }
    xp_master=nomaster xp_is=down
    case $xp_line in *" master "*)
      xp_master=${xp_line#* master }
      xp_master="master ${xp_master%% *}"
      ;;
    esac
    case $xp_line in *[\<,]UP[,\>]*) xp_is=up ;; esac
    xp_print "$xp_dev mtu ${xp_mtu%% *} $xp_master $xp_is$XP_NEWLINE"
  done <now/raw
}

# Lines of words for `ip addr add`, in their order. Those that the kernel makes by itself are its
# business: link-local ones, and those of router advertisements.
xp_list_addresses() { # FAMILY
  [ "$1" = 4 ] || xp_has_6 || return 0
  ip -o "-$1" addr show >now/raw || return
  while IFS= read -r xp_line; do
    case $xp_line in *" inet6 fe80:"* | *" inet6 "*" dynamic"* | *" inet6 "*" temporary"*) continue ;; esac
    xp_line=${xp_line#*: }
    set -f
    # shellcheck disable=SC2086 # split into words
    set -- ${xp_line%%\\*}
    set +f
    xp_address_line "$@"
  done <now/raw
}

xp_address_line() { # DEVICE inet|inet6 ADDRESS WORDS...
  xp_dev=$1 xp_is=$2 xp_words=$3
  shift 3
  while [ $# -gt 0 ]; do
    case $1 in
    peer | brd | scope | metric | any) xp_words="$xp_words $1 $2" && shift ;;
    proto | valid_lft | preferred_lft) shift ;;
    noprefixroute | autojoin) xp_words="$xp_words $1" ;;
    "$xp_dev" | "$xp_dev":*) [ "$xp_is" = inet6 ] || xp_words="$xp_words label $1" ;;
    esac
    [ $# -eq 0 ] || shift
  done
  xp_print "$xp_words dev $xp_dev$XP_NEWLINE"
}

# Lines of words for `ip -6 neigh add proxy`. busybox has no such list.
xp_list_neighbours() {
  xp_list_proxies >now/raw
  case $? in 0) ;; 3) return 0 ;; *) return 1 ;; esac
  sed -e 's/ *proxy *$//' -e 's/ proxy / /' -e 's/  */ /g' -e 's/ $//' now/raw
}

# Lines of words for `ip route add`. What is state and no setting is left out, and so is what the
# kernel makes by itself: local and multicast routes, those of router advertisements. A nexthop's
# number is its daemon's business: the same route without it is as good.
xp_route_lines() { # FAMILY
  [ "$1" = 4 ] || xp_has_6 || return 0
  xp_dump "$1" route show table all || return
  tr '\\\t' '  ' <now/raw | sed -e 's/$/ /' -e 's/   */ /g' -e 's/^ //' \
    -e '/ table 255 /d' -e '/ table local /d' -e '/ expires /d' -e '/ metric 4294967295 /d' \
    -e '/^[2345] /d' -e '/^local /d' -e '/^broadcast /d' -e '/^multicast /d' -e '/^anycast /d' \
    -e '/^fe80:.* proto kernel /d' -e '/^fe80:.* proto 2 /d' -e '/^ff00:/d' -e '/^fe80::\/64 dev /d' \
    -e 's/^1 //' -e 's/^6 /blackhole /' -e 's/^7 /unreachable /' -e 's/^8 /prohibit /' -e 's/^9 /throw /' \
    -e 's/ linkdown / /g' -e 's/ dead / /g' -e 's/ offload / /g' -e 's/ rt_offload / /g' \
    -e 's/ trap / /g' -e 's/ rt_trap / /g' -e 's/ rt_offload_failed / /g' -e 's/ notify / /g' \
    -e 's/ cache / /g' -e 's/ nhid [0-9]* / /' -e 's/ error -*[0-9]* / /' -e 's/ used [0-9]* / /' -e 's/ age [0-9]*sec / /' -e 's/ *$//'
}

# Lines `PRIORITY: WORDS` for `ip rule add`.
xp_rule_lines() { # FAMILY
  xp_has_rules || return 0
  [ "$1" = 4 ] || xp_has_6 || return 0
  xp_dump "$1" rule show || return
  if grep -q 'lookup unspec' now/raw; then
    xp_refuse "this 'ip' (busybox) can not tell all rules of IPv$1, so they could not be put back: install iproute2" >&2
    return
  fi
  tr '\t' ' ' <now/raw | sed -e 's/ \[detached\]//g' -e 's/ \[unresolved\]//g' \
    -e 's/ lookup \[l3mdev-table\]/ l3mdev/' -e 's/ ipproto ipproto-/ ipproto /' \
    -e 's/  */ /g' -e 's/ *$//' -e '/ lookup /b' -e '/ goto /b' \
    -e 's/ 6$/ blackhole/' -e 's/ 7$/ unreachable/' -e 's/ 8$/ prohibit/'
}

# Numbers in place of names where `ip` can: then a file of names that changes does not matter.
xp_dump() { # FAMILY WORDS...
  xp_family=$1
  shift
  ip -N -o "-$xp_family" "$@" >now/raw 2>/dev/null || ip -o "-$xp_family" "$@" >now/raw 2>/dev/null ||
    { true >now/raw && xp_has_none 1 "$xp_family" "$@"; }
}

# A kernel without policy routing has none.
xp_has_rules() {
  ip -4 rule show >/dev/null 2>&1
}

# What `now/missing` lacks and `now/extra` has more than the snapshot, without what comes and goes
# with interfaces that did: guests are started and stopped by others.
xp_differ() { # PART
  xp_list_part "$1" >now/is 2>/dev/null || return
  grep -Fxv -f now/is "live/$1" >now/raw
  [ -s now/is ] || cat "live/$1" >now/raw
  xp_keep_known "$1" missing <now/raw >now/missing
  grep -Fxv -f "live/$1" now/is >now/raw
  [ -s "live/$1" ] || cat now/is >now/raw
  xp_keep_known "$1" extra <now/raw >now/extra
}

xp_keep_known() { # PART missing|extra
  while IFS= read -r xp_line; do
    xp_dev=
    case $1 in
    sysctl) if [ "$2" = extra ] || [ ! -e "${xp_line%%:*}" ]; then continue; fi ;;
    link) if [ "$2" = extra ]; then continue; else xp_dev=${xp_line%% *}; fi ;;
    rule?) ;;
    *) case $xp_line in *" dev "*) xp_dev=${xp_line#* dev } xp_dev=${xp_dev%% *} ;; esac ;;
    esac
    if [ -z "$xp_dev" ] || xp_is_known "$xp_dev"; then xp_print "$xp_line$XP_NEWLINE"; fi
  done
}

# Not a guest's interface that went, nor any that came.
xp_is_known() { # DEVICE
  case $1 in vif* | tap*) [ -d "/sys/class/net/$1" ] || return ;; esac
  grep -q "^$1 " live/link
}
