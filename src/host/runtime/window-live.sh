# shellcheck shell=sh disable=SC2034
# (names in capitals are for other runtime files)
# The network as it is now, as listings whose lines are the words that would make it so: snapshots are
# these, undoing adds and removes lines, and verifying lists once more.

# Rules before routes, as without the rule for its table no gateway is known to the kernel; IPv6 before
# IPv4, which may have its gateways there.
XP_PARTS='sysctl link addr4 addr6 neigh rule4 rule6 route6 route4'

xp_snapshot_live() {
  xp_with_parameters xp_list_parameters >live/sysctl
  if ! xp_list_network now/listed 2>live/said || ! xp_tell_network now/listed live; then
    cat live/said
    xp_refuse 'addresses, routes and rules could not be listed: nothing was changed'
    return
  fi
  for xp_part in sysctl link addr4 rule4; do
    [ ! -s "live/$xp_part" ] || continue
    case $xp_part in
    addr4) [ ! -s live/addr6 ] || continue ;;
    rule4) xp_has_rules || continue ;;
    esac
    xp_refuse "no $(xp_part_name "$xp_part") were found, which can not be: nothing was changed"
    return
  done
  xp_snapshot_firewalls
}

# As in a snapshot.
xp_list_part() { # PART
  if [ "$1" = sysctl ]; then
    xp_with_parameters xp_list_parameters
    return
  fi
  [ -d now/part ] || mkdir -m 700 now/part || return
  {
    for xp_lists in $XP_LISTS; do
      [ "$xp_lists" != "$1" ] || break
      echo "$XP_MARK"
    done
    case $1 in
    link) ip -o link show ;;
    neigh) xp_raw_neighbours ;;
    addr?) xp_raw_of "${1#addr}" addr show ;;
    rule?) xp_raw_rules "${1#rule}" ;;
    route?) xp_raw_of "${1#route}" route show table all ;;
    esac
  } >now/raw && xp_tell_network now/raw now/part && cat "now/part/$1"
}

# In the order that they are listed in: the link `lo`, listed in between, says where one ends. Its own
# listing comes last.
XP_LISTS='rule6 route6 addr6 neigh rule4 route4 addr4 link'
XP_MARK='1: lo: <MARK>'

# Two programs where `ip` lists many things at once; elsewhere (busybox) each by itself.
xp_list_network() { # FILE
  xp_ip_batch >"$1" 2>/dev/null && return
  {
    for xp_family in 6 4; do
      xp_raw_rules "$xp_family" && echo "$XP_MARK" && xp_raw_of "$xp_family" route show table all &&
        echo "$XP_MARK" && xp_raw_of "$xp_family" addr show && echo "$XP_MARK" || return
      [ "$xp_family" = 4 ] || { xp_raw_neighbours && echo "$XP_MARK"; } || return
    done
    ip -o link show
  } >"$1"
}

# Numbers in place of names (-N): then a file of names that changes does not matter.
xp_ip_batch() {
  xp_asked="rule show
link show lo
route show table all
link show lo
addr show
link show "
  if xp_has_6; then
    xp_ip_lists 6 "${xp_asked}lo
neigh show proxy
link show lo" || return
  else
    echo "$XP_MARK
$XP_MARK
$XP_MARK
$XP_MARK"
  fi
  xp_ip_lists 4 "${xp_asked}lo
link show"
}

xp_ip_lists() { # FAMILY COMMANDS
  if [ -n "${BASH_VERSION-}${KSH_VERSION-}" ]; then # they may write a file for a here-document
    xp_print "$2$XP_NEWLINE" | ip -N -o "-$1" -batch -
  else
    ip -N -o "-$1" -batch - <<END
$2
END
  fi
}

xp_raw_of() { # FAMILY WORDS...
  [ "$1" = 4 ] || xp_has_6 || return 0
  xp_family=$1
  shift
  xp_list=$(ip -N -o "-$xp_family" "$@" 2>/dev/null) || xp_list=$(ip -o "-$xp_family" "$@" 2>/dev/null) ||
    { xp_list='' && xp_has_none 1 "$xp_family" "$@"; } || return
  xp_print "$xp_list$XP_NEWLINE"
}

xp_raw_rules() { # FAMILY
  xp_has_rules || return 0
  xp_list=$(xp_raw_of "$1" rule show) || return
  case $xp_list in
  *'lookup unspec'*)
    xp_refuse "this 'ip' (busybox) can not tell all rules of IPv$1, so they could not be put back: install iproute2" >&2
    return
    ;;
  esac
  xp_print "$xp_list$XP_NEWLINE"
}

# busybox has no such list.
xp_raw_neighbours() {
  xp_list_proxies
  case $? in 0 | 3) return 0 ;; *) return 1 ;; esac
}

# From what was listed, a file for each part. Its lines are
#   link      NAME mtu NUMBER master NAME|nomaster up|down
#   addr      words for `ip addr add`, without those that the kernel makes by itself: link-local ones
#             and those of router advertisements
#   neigh     words for `ip -6 neigh add proxy`
#   route     words for `ip route add`, without what is state and no setting, and what the kernel makes
#             by itself; a nexthop's number is its daemon's business: the route without it is as good
#   rule      PRIORITY: words for `ip rule add`
# The hold space counts the marks.
xp_tell_network() { # FILE DIRECTORY
  sed -n -e '/^1: lo: </{' -e x -e '/^nnnnnnn$/!{' -e 's/$/n/' -e x -e d -e '}' -e x -e '}' \
    -e '/^$/d' -e 'y/	/ /' -e x \
    -e '/^nnnnnnn$/{' -e x -e 'b link' -e '}' -e '/^nnn$/{' -e x -e 'b neigh' -e '}' \
    -e '/^nn$/b addr' -e '/^nnnnnn$/b addr' -e '/^n$/b route' -e '/^nnnnn$/b route' \
    -e x -e 's/ \[detached\]//g' -e 's/ \[unresolved\]//g' \
    -e 's/ lookup \[l3mdev-table\]/ l3mdev/' -e 's/ ipproto ipproto-/ ipproto /' \
    -e 's/  */ /g' -e 's/ *$//' -e '/ lookup /b rule' -e '/ goto /b rule' \
    -e 's/ 6$/ blackhole/' -e 's/ 7$/ unreachable/' -e 's/ 8$/ prohibit/' \
    -e ': rule' -e x -e '/^$/{' -e x -e "w $2/rule6" -e d -e '}' -e x -e "w $2/rule4" -e d \
    -e ': link' -e 's/^[0-9]*: \([^:@ ]*\)[^ ]* <\([^>]*\)>\(.*\)$/\1\3 <,\2,>/' \
    -e 's/\\.* </ </' -e 's/^\([^ ]*\).* mtu \([0-9]*\).* master \([^ ]*\).* </\1 mtu \2 master \3 </' \
    -e '/ master /!s/^\([^ ]*\).* mtu \([0-9]*\).* </\1 mtu \2 nomaster </' \
    -e 's/ <.*,UP,.*$/ up/' -e 's/ <.*$/ down/' -e "w $2/link" -e d \
    -e ': neigh' -e 's/ *proxy *$//' -e 's/ proxy / /' -e 's/  */ /g' -e 's/ $//' -e "w $2/neigh" -e d \
    -e ': addr' -e x -e '/ inet6 fe80:/d' -e '/ inet6 .* dynamic/d' -e '/ inet6 .* temporary/d' \
    -e 's/\\.*$//' -e 's/^[0-9]*: \([^ ]*\)  *\(inet6*\) \([^ ]*\) *\(.*\)$/\2 \1 \3|\4 /' -e ': words' \
    -e 's/|  */|/' -e 's/|\(peer [^ ]*\) / \1|/' -e 't words' -e 's/|\(brd [^ ]*\) / \1|/' -e 't words' \
    -e 's/|\(scope [^ ]*\) / \1|/' -e 't words' -e 's/|\(metric [^ ]*\) / \1|/' -e 't words' \
    -e 's/|\(any [^ ]*\) / \1|/' -e 't words' -e 's/|\(noprefixroute\) / \1|/' -e 't words' \
    -e 's/|\(autojoin\) / \1|/' -e 't words' -e 's/|proto [^ ]* /|/' -e 't words' \
    -e 's/^\(inet \([^ ]*\) [^|]*\)|\(\2\) /\1 label \3|/' -e 't words' \
    -e 's/^\(inet \([^ ]*\) [^|]*\)|\(\2:[^ ]*\) /\1 label \3|/' -e 't words' \
    -e 's/|[^ ][^ ]* /|/' -e 't words' -e 's/^inet6* \([^ ]*\) \(.*\)| *$/\2 dev \1/' \
    -e x -e '/^nn$/{' -e x -e "w $2/addr6" -e d -e '}' -e x -e "w $2/addr4" -e d \
    -e ': route' -e x -e 'y/\\/ /' -e 's/$/ /' -e 's/   */ /g' -e 's/^ //' \
    -e '/ table 255 /d' -e '/ table local /d' -e '/ expires /d' -e '/ metric 4294967295 /d' \
    -e '/^[2345] /d' -e '/^local /d' -e '/^broadcast /d' -e '/^multicast /d' -e '/^anycast /d' \
    -e '/^fe80:.* proto kernel /d' -e '/^fe80:.* proto 2 /d' -e '/^ff00:/d' -e '/^fe80::\/64 dev /d' \
    -e 's/^1 //' -e 's/^6 /blackhole /' -e 's/^7 /unreachable /' -e 's/^8 /prohibit /' -e 's/^9 /throw /' \
    -e 's/ linkdown / /g' -e 's/ dead / /g' -e 's/ offload / /g' -e 's/ rt_offload / /g' \
    -e 's/ trap / /g' -e 's/ rt_trap / /g' -e 's/ rt_offload_failed / /g' -e 's/ notify / /g' \
    -e 's/ cache / /g' -e 's/ nhid [0-9]* / /' -e 's/ error -*[0-9]* / /' -e 's/ used [0-9]* / /' -e 's/ age [0-9]*sec / /' -e 's/ *$//' \
    -e x -e '/^n$/{' -e x -e "w $2/route6" -e d -e '}' -e x -e "w $2/route4" "$1"
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
    /proc/sys/net/ipv6/conf/*/proxy_ndp /proc/sys/net/ipv6/conf/*/accept_ra "$@"
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
    sysctl) case $xp_line in */mc_forwarding:*) continue ;; esac # a daemon's
      if [ "$2" = extra ] || [ ! -e "${xp_line%%:*}" ]; then continue; fi ;;
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
